from dev.stack.machine import debian

DEB822_AND_ONE_LINE = """\
https://vendor.example/repo|bookworm|main
http://security.example/debian-security|bookworm-security|main
http://mirror.example/debian|bookworm-updates|main
http://mirror.example/debian|bookworm|contrib
http://mirror.example/debian|bookworm|main
"""


def test_the_mirror_is_the_machines_own_and_no_security_archive() -> None:
    targets = "\n".join(DEB822_AND_ONE_LINE.splitlines()[1:])
    assert debian.mirror_of_targets(targets, "bookworm") == "http://mirror.example/debian"


def test_a_suite_named_stable_counts_as_the_machines_release() -> None:
    assert (
        debian.mirror_of_targets("http://mirror.example/debian|stable|main", "trixie") == "http://mirror.example/debian"
    )


def test_no_mirror_among_foreign_suites() -> None:
    assert debian.mirror_of_targets("http://mirror.example/ubuntu|noble|main", "bookworm") is None
    assert debian.mirror_of_targets("", "bookworm") is None


def test_debootstraps_default_mirror_is_debians() -> None:
    assert debian.mirror_of_debootstrap('DEF_MIRROR="http://deb.example/debian"') == "http://deb.example/debian"
    assert debian.mirror_of_debootstrap("default_mirror http://deb.example/debian\n") == "http://deb.example/debian"
    assert debian.mirror_of_debootstrap('DEF_MIRROR="http://archive.example/ubuntu"') is None


def test_os_release_fields_lose_their_quotes() -> None:
    fields = debian.os_release("# text\nID=ubuntu\nVERSION_CODENAME=\"noble\"\nNAME='Ubuntu'\n")
    assert fields == {"ID": "ubuntu", "VERSION_CODENAME": "noble", "NAME": "Ubuntu"}


def test_depends_become_names_and_only_assets_are_fetched() -> None:
    depends = "python3-lxml (>= 4), python3:any, fonts-dejavu-core | fonts-noto-core, libjs-jquery, gsfonts, libc6"
    names = debian.first_choices(depends)
    assert names == ["python3-lxml", "python3", "fonts-dejavu-core", "libjs-jquery", "gsfonts", "libc6"]
    assert debian.web_assets(names) == ["fonts-dejavu-core", "libjs-jquery", "gsfonts"]
