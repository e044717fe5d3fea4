"""Which images may run on this host: those of known repositories and, where a key is set, only signed ones.

Asked before an image is fetched and before anything in it runs, so before a person is asked too.
"""

from ofitec.deploy.host.machine import programs
from ofitec.deploy.host.machine.engine import repository_of
from ofitec.deploy.host.machine.programs import ProgramFailed
from ofitec.deploy.host.record import releases
from ofitec.deploy.host.record.home import Home
from ofitec.errors import InputError, PermanentError

KEY = "cosign.pub"  # in secrets/


def require_known(home: Home, reference: str) -> None:
    """Take images of the repositories in OFITEC_IMAGES only: whole names, or folders that end in "/". Where that is
    empty, of those that have served here.

    :raises InputError: for any other; nothing was fetched
    """
    repository = repository_of(reference)
    listed = [entry.strip() for entry in home.settings["OFITEC_IMAGES"].split(",") if entry.strip()]
    allowed = listed or sorted({repository_of(release.image) for release in releases.load(home).releases})
    if not any(repository == entry or (entry.endswith("/") and repository.startswith(entry)) for entry in allowed):
        known = ", ".join(allowed) or "none yet"
        raise InputError(
            f"Images of {repository} may not run on this host, only those of {known}. Nothing was fetched. If it is "
            f"meant, name it in OFITEC_IMAGES in {home.root / '.env'}, with every other that may go on running here."
        )


def require_signed(home: Home, image: str) -> None:
    """Where secrets/cosign.pub exists, ask cosign whether the holder of that key has signed this digest.

    The key alone is asked: no transparency log, no network but the registry.

    :param image: repository@sha256:...
    :raises PermanentError: if there is no such signature, or no cosign on this host
    """
    key = home.secrets / KEY
    if not key.exists():
        return
    argv = ["cosign", "verify", "--key", str(key), "--private-infrastructure=true", image]
    try:
        programs.run(argv, what="cosign verify", timeout=120)
    except FileNotFoundError:
        raise PermanentError(
            f"{key} asks for signed images and this host has no cosign to look with. Install cosign 3, "
            "or remove the key if signatures are not wanted."
        ) from None
    except ProgramFailed as error:
        raise PermanentError(
            f"{image} is not signed by the key of {key}: {error.last}. Nothing of it was run. Sign it with "
            "`cosign sign`, or ask who built it."
        ) from None
