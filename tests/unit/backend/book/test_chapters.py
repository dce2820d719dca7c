"""From a folder to chunks."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import UUID

import pytest

from backend.book.chapters import Chunk, chunks_of, read_book
from backend.book.errors import BookError
from tests.unit.backend.book.conftest import Book


def chunks(text: str, file: str = "02-sensors.md") -> list[Chunk]:
    return list(chunks_of(text, Path(file), 7))


def ids(text: str) -> dict[str, str]:
    return {chunk.heading: chunk.id for chunk in chunks(text)}


class TestAChunk:
    def test_it_says_where_it_stands(self) -> None:
        (chunk,) = chunks("# Sensors\n\n## Touch\n\nSkin.\n")
        assert chunk == Chunk("Sensors", 2, "Touch", "touch", "02-sensors", 0, "Skin.")

    def test_the_names_are_embedded_with_the_text(self) -> None:
        first, second = chunks("# Sensors\n\nAll.\n\n## Touch\n\nSkin.\n")
        assert first.embedded == "Sensors\nAll."
        assert second.embedded == "Sensors - Touch\nSkin."
        assert second.text == "Skin."

    def test_text_below_the_title_is_headed_by_the_title(self) -> None:
        (chunk,) = chunks("# Sensors\n\nAll.\n")
        assert (chunk.heading, chunk.anchor) == ("Sensors", "sensors")

    def test_without_a_title_the_file_gives_its_name(self) -> None:
        (chunk,) = chunks("All.\n")
        assert (chunk.chapter, chunk.heading, chunk.anchor) == ("02-sensors", "02-sensors", "")

    def test_a_heading_without_words_gives_way_to_the_title(self) -> None:
        (chunk,) = chunks("# Sensors\n\n## <a id='x'></a>\n\nAll.\n")
        assert chunk.heading == "Sensors"

    def test_a_section_without_text_is_none(self) -> None:
        assert [c.heading for c in chunks("# A\n\n## B\n\n### C\n\nc\n\n## D\n")] == ["C"]

    @pytest.mark.parametrize(
        ("file", "number", "path"),
        [
            ("12-walking.md", 12, "12-walking"),
            ("part-1/03_arms.md", 3, "part-1/03_arms"),
            ("intro.md", 7, "intro"),
            ("2nd thoughts.md", 7, "2nd%20thoughts"),
            ("v1.2.md", 7, "v1.2"),
        ],
    )
    def test_its_file_gives_number_and_path(self, file: str, number: int, path: str) -> None:
        (chunk,) = chunks("a", file)
        assert (chunk.number, chunk.path) == (number, path)


class TestItsId:
    def test_it_is_known(self) -> None:
        """Another id for the same passage would write the whole book anew."""
        assert ids("## Touch\n\nSkin.")["Touch"] == "6c47790d-795b-5c98-b837-4d0d014465b1"

    def test_it_does_not_depend_on_other_sections(self) -> None:
        before = ids("# A\n\na\n\n## B\n\nb\n\n## C\n\nc\n")
        after = ids("# A\n\nlonger\n\n## New\n\nx\n\n## C\n\nc\n")
        assert after["A"] == before["A"]
        assert after["C"] == before["C"]

    def test_it_does_not_depend_on_the_text(self) -> None:
        assert ids("## B\n\nb\n") == ids("## B\n\nchanged\n")

    def test_no_two_are_the_same(self) -> None:
        long = "\n\n".join(["word " * 200] * 9)
        same = "## Summary\n\ns\n\n## Summary {#summary}\n\nt\n\n## !!!\n\nu\n\n"
        all_ids = [UUID(c.id) for c in chunks(f"Before.\n\n{same}{same}## Long\n\n{long}\n")]
        assert len(all_ids) > 9
        assert len(set(all_ids)) == len(all_ids)

    def test_files_of_the_same_name_are_told_apart(self, book: Book) -> None:
        book.write("a/01-x.md", "x")
        book.write("b/01-x.md", "x")
        assert len({chunk.id for chunk in read_book(book.folder)}) == 2


class TestAFolder:
    def test_all_chapters_below_it_are_read_in_their_order(self, book: Book) -> None:
        book.write("02-b.md", "b")
        book.write("01-a.md", "a")
        book.write("sub/03-c.md", "\ufeffc")
        book.write("notes.txt", "no")
        book.write(".hidden/04-d.md", "no")
        book.write("._05-e.md", "no")
        assert [chunk.text for chunk in read_book(book.folder)] == ["a", "b", "c"]

    def test_one_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(BookError, match=r"nowhere does not exist\. Name the folder"):
            read_book(tmp_path / "nowhere")

    def test_a_file_is_not_taken_for_a_book(self, book: Book) -> None:
        with pytest.raises(BookError, match=r"01-a\.md is a file\. Name the folder"):
            read_book(book.write("01-a.md", "a"))

    def test_one_without_markdown_is_named(self, book: Book) -> None:
        book.write("notes.txt", "no")
        with pytest.raises(BookError, match=r"book holds no Markdown file \(\*\.md\)\. Name the folder"):
            read_book(book.folder)

    def test_one_without_text_is_named(self, book: Book) -> None:
        book.write("01-a.md", "---\ntitle: A\n---\n# A\n")
        with pytest.raises(BookError, match="book hold no text"):
            read_book(book.folder)

    def test_a_file_that_is_not_utf8_is_named_with_the_line(self, book: Book) -> None:
        book.write("01-a.md", "a").write_bytes(b"# A\n\n\xfcber\n")
        with pytest.raises(BookError, match=r"01-a\.md is not UTF-8 \(line 3\)\. Save it as UTF-8\."):
            read_book(book.folder)

    def test_a_file_that_cannot_be_read_is_named(self, book: Book) -> None:
        book.write("01-a.md", "a")
        (book.folder / "02-b.md").symlink_to("gone.md")
        with pytest.raises(BookError, match=r"02-b\.md cannot be read: No such file"):
            read_book(book.folder)

    def test_a_folder_that_cannot_be_read_does_not_count_as_empty(
        self, book: Book, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        book.write("01-a.md", "a")
        book.write("sub/02-b.md", "b")
        scandir = os.scandir

        def refuse(place: str) -> object:
            if Path(place).name == "sub":
                raise PermissionError(13, "Permission denied", place)
            return scandir(place)

        monkeypatch.setattr(os, "scandir", refuse)
        with pytest.raises(BookError, match="sub cannot be read: Permission denied"):
            read_book(book.folder)
