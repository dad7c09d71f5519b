"""The files: how cells are written, and tables that are larger than a sheet."""

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path

import openpyxl
import pytest

from api.exports.csv_writer import write_csv
from api.exports.tables import Table, Value
from api.exports.xlsx_writer import MAX_TEXT, TooManyColumns, write_xlsx
from tests.support.exports import read_csv, read_xlsx

DAY = datetime.date(2026, 1, 31)
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"]


def table_of(*rows: Sequence[Value], columns: Sequence[str] = ("a",)) -> Table:
    return Table(columns, len(rows), iter(rows))


def test_csv_is_utf8_with_a_byte_order_mark_and_crlf(tmp_path: Path) -> None:
    table = table_of(["é", 1], ['a "quoted", text\nof two lines', None], columns=("text", "number"))
    write_csv(table, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes() == (
        b'\xef\xbb\xbftext,number\r\n\xc3\xa9,1\r\n"a ""quoted"", text\nof two lines",\r\n'
    )


def test_csv_has_numbers_dates_and_truth_values(tmp_path: Path) -> None:
    table = table_of([3, -0.25, DAY, True, False, None, ""], columns=tuple("abcdefg"))
    write_csv(table, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text(encoding="utf-8-sig").splitlines()[1] == (
        "3,-0.25,2026-01-31,true,false,,"
    )


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are_inert(tmp_path: Path, text: str) -> None:
    write_csv(table_of([text], columns=(text,)), tmp_path / "t.csv")
    rows = read_csv((tmp_path / "t.csv").read_bytes())
    assert rows == [{f"'{text}": f"'{text}"}]
    write_xlsx(table_of([text], columns=(text,)), tmp_path / "t.xlsx", "t", [("rows", text)])
    for sheet in openpyxl.load_workbook(tmp_path / "t.xlsx"):
        for row in sheet.iter_rows():
            assert {cell.data_type for cell in row} <= {"s"}  # never "f"
    title, rows_read = next(read_xlsx((tmp_path / "t.xlsx").read_bytes()))
    assert (title, rows_read) == ("t", [{text: text}])


def test_negative_numbers_stay_numbers(tmp_path: Path) -> None:
    write_csv(table_of([-5], [-0.5]), tmp_path / "t.csv")
    assert [row["a"] for row in read_csv((tmp_path / "t.csv").read_bytes())] == ["-5", "-0.5"]
    write_xlsx(table_of([-5], [-0.5]), tmp_path / "t.xlsx", "t", [])
    _, rows = next(read_xlsx((tmp_path / "t.xlsx").read_bytes()))
    assert [row["a"] for row in rows] == [-5, -0.5]


def test_xlsx_has_real_types(tmp_path: Path) -> None:
    table = table_of([3, -0.25, DAY, True, None, "0042"], columns=tuple("abcdef"))
    write_xlsx(table, tmp_path / "t.xlsx", "t", [])
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx").worksheets[0]
    cells = next(sheet.iter_rows(min_row=2))
    assert [cell.data_type for cell in cells] == ["n", "n", "d", "b", "n", "s"]
    midnight = datetime.datetime.combine(DAY, datetime.time())
    assert [cell.value for cell in cells] == [3, -0.25, midnight, True, None, "0042"]
    assert cells[2].number_format == "yyyy-mm-dd"


def test_the_header_stays_in_view(tmp_path: Path) -> None:
    write_xlsx(table_of([1]), tmp_path / "t.xlsx", "t", [("kind", "t")])
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    assert [sheet.freeze_panes for sheet in book] == ["A2", "A2"]
    assert all(cell.font.bold for cell in book.worksheets[0][1])


def test_an_empty_table_has_its_header(tmp_path: Path) -> None:
    write_csv(table_of(columns=("a", "b")), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text(encoding="utf-8-sig") == "a,b\n"
    write_xlsx(table_of(columns=("a", "b")), tmp_path / "t.xlsx", "t", [])
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx").worksheets[0]
    assert [cell.value for cell in sheet[1]] == ["a", "b"]
    assert [row for row in sheet.iter_rows(min_row=2, values_only=True) if any(row)] == []


@pytest.mark.parametrize(("count", "sizes"), [(0, [0]), (4, [4]), (5, [4, 1]), (8, [4, 4]), (9, [4, 4, 1])])
def test_a_full_sheet_continues_on_the_next(tmp_path: Path, count: int, sizes: list[int]) -> None:
    table = table_of(*([number] for number in range(count)))
    write_xlsx(table, tmp_path / "t.xlsx", "t", [("rows", str(count))], max_rows=4)
    sheets = dict(read_xlsx((tmp_path / "t.xlsx").read_bytes()))
    names = ["t", "t 2", "t 3"][: len(sizes)]
    assert list(sheets) == [*names, "about"]
    rows = [[row["a"] for row in sheets[name] if row["a"] is not None] for name in names]
    assert list(map(len, rows)) == sizes
    assert [number for part in rows for number in part] == list(range(count))


def test_long_texts_are_cut_in_xlsx_only(tmp_path: Path) -> None:
    text = "😀" * (MAX_TEXT + 5)
    write_xlsx(table_of([text]), tmp_path / "t.xlsx", "t", [])
    _, rows = next(read_xlsx((tmp_path / "t.xlsx").read_bytes()))
    assert rows == [{"a": text[:MAX_TEXT]}]
    write_csv(table_of([text]), tmp_path / "t.csv")
    assert text in (tmp_path / "t.csv").read_text(encoding="utf-8-sig")


def test_control_characters_survive(tmp_path: Path) -> None:
    text = 'a\x01b\x0b_x0041_ <>&" \u2028 ‏שלום'
    write_xlsx(table_of([text]), tmp_path / "t.xlsx", "t", [])
    _, rows = next(read_xlsx((tmp_path / "t.xlsx").read_bytes()))
    assert rows == [{"a": text}]


def test_too_many_columns_are_reported(tmp_path: Path) -> None:
    columns = [f"c{number}" for number in range(16_385)]
    with pytest.raises(TooManyColumns):
        write_xlsx(table_of(columns=columns), tmp_path / "t.xlsx", "t", [])


def test_rows_are_read_one_by_one(tmp_path: Path) -> None:
    """A writer that collected the rows first would hold an export in memory."""
    for write in (
        lambda table: write_csv(table, tmp_path / "t.csv"),
        lambda table: write_xlsx(table, tmp_path / "t.xlsx", "t", []),
    ):
        alive, most = 0, 0

        class Text(str):
            def __del__(self) -> None:
                nonlocal alive
                alive -= 1

        def stream(text: type[str] = Text) -> Iterator[Sequence[Value]]:
            nonlocal alive, most
            for number in range(1000):
                alive += 1
                most = max(most, alive)
                yield [text(number)]

        write(Table(["a"], 1000, stream()))
        assert most < 10
