"""A table action by account, as it came out; docs/rights.md holds the same."""

from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "rights.md"


def rendered(accounts: list[str], rows: dict[str, list[bool]]) -> str:
    """Markdown: a row an action, ✓ for what worked, · for what was refused."""
    lines = [f"| | {' | '.join(f'*{name}*' for name in accounts)} |", f"|---|{':-:|' * len(accounts)}"]
    lines += [
        f"| {action} | {' | '.join('✓' if allowed else '·' for allowed in row)} |" for action, row in rows.items()
    ]
    return "\n".join(lines)


def require_documented(table: str) -> None:
    """Fails with the table as it should stand in the documentation."""
    print(f"\n{table}")  # noqa: T201  # it is what a reader of the tests wants to see
    assert table in PAGE.read_text(encoding="utf-8"), f"{PAGE.name} says otherwise; as it came out:\n{table}"
