"""`make docs`: writes every made page and picture of docs/."""

from dev.docs import picture, reference

for path, text in {**reference.made(), **picture.made()}.items():
    path.write_text(text, encoding="utf-8")
    print(f"wrote {path}")
