"""The made pages and pictures of docs/ say what the code says today."""

from dev.docs import picture, reference


def test_made_documents_are_up_to_date() -> None:
    for path, text in {**reference.made(), **picture.made()}.items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is old: run  make docs"
