"""What each known corpus's names say, in trees laid out as its archives are."""

import re
from collections import Counter
from pathlib import Path

import pytest

from cyclegan_keras.corpora.index import index_clips, index_corpora
from cyclegan_keras.corpora.known import corpus_of_name, known_corpora
from cyclegan_keras.corpora.parallel import shared_sentences
from cyclegan_keras.emotions import emotion_name
from cyclegan_keras.shared.errors import InputError
from tests.conftest import PROJECT
from tests.corpora.made_up import TREES, iemocap, recording, tree

EXPECTED = {
    "ravdess": {("01", "neutral", "1", 1, 1), ("04", "calm", "2", 1, 2), ("19", "anger", "1", 2, 1)},
    "emodb": {
        ("03", "anger", "a01", None, 1), ("16", "boredom", "b10", None, 2), ("08", "fearful", "a05", None, 3),
        ("13", "sad", "b09", None, 4),
    },
    "crema-d": {
        ("1001", "anger", "DFA", None, None), ("1040", "sad", "ITH", None, None), ("1091", "fearful", "IEO", 3, None),
    },
    "esd": {
        ("0011", "anger", "1", None, None), ("0011", "neutral", "1", None, None), ("0020", "sad", "322", None, None),
        ("0001", "surprised", "350", None, None),
    },
    "tess": {
        ("OAF", "anger", "back", None, None), ("OAF", "neutral", "bite", None, None),
        ("OAF", "surprised", "back", None, None), ("YAF", "fearful", "bite", None, None),
    },
    "savee": {
        ("DC", "anger", "a01", None, None), ("JE", "sad", "sa15", None, None), ("KL", "surprised", "su03", None, None),
        ("JK", "neutral", "n30", None, None),
    },
    "emov-db": {
        ("bea", "amused", "0001", None, None), ("sam", "anger", "0349", None, None),
        ("josh", "sleepiness", "0006", None, None), ("jenie", "disgust", "0011", None, None),
    },
}  # fmt: skip


@pytest.mark.parametrize("name", TREES)
def test_a_corpus_is_recognised_and_its_names_read_the_odd_ones_too(tmp_path, name):
    index = index_corpora(tree(tmp_path, *TREES[name]))
    assert [folder.name for folder in index.folders] == [name]
    assert {(c.speaker, c.emotion, c.sentence, c.intensity, c.repetition) for c in index.clips} == EXPECTED[name]
    assert {clip.corpus for clip in index.clips} == {name}
    assert len(index.clips) + len(index.others) == len(TREES[name]) and not index.unusable


def test_what_a_corpus_says_is_none_to_use_is_passed_over_with_its_reason(tmp_path):
    crema, emov = tmp_path / "crema", tmp_path / "emov"
    index = index_corpora([tree(crema, *TREES["crema-d"]), tree(emov, *TREES["emov-db"])])
    why = {file.path.name: file.why for file in index.others}
    assert (
        "every emotion" in why["1064_IEO_DIS_MD.wav"] and "no folder names the speaker" in why["neutral_1-28_0023.wav"]
    )


def test_iemocaps_emotions_come_from_its_labels_and_its_speakers_from_the_letter_before_the_number(tmp_path):
    index = index_corpora(iemocap(tmp_path))
    assert {(clip.key, clip.speaker, clip.emotion) for clip in index.clips} == {
        ("Ses01F_impro01_F000", "Ses01F", "neutral"), ("Ses01F_impro01_M001", "Ses01M", "anger"),
        ("Ses05M_script01_1b_M000", "Ses05M", "excited"), ("Ses05M_script01_1b_F011", "Ses05F", "frustrated"),
    }  # fmt: skip
    why = Counter(file.why for file in index.others)
    assert why == {"no emotion that annotators agreed on (xxx)": 1, "not named as iemocap names its clips": 2}, (
        "whole conversations"
    )
    assert shared_sentences(index.clips) == set()


def test_iemocap_without_its_labels_says_which_are_missing(tmp_path):
    recording(tmp_path / "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav")
    with pytest.raises(InputError, match="no labels dialog/EmoEvaluation/Ses01F_impro01.txt"):
        index_clips(tmp_path)


@pytest.mark.parametrize(
    "corpus, name",
    [
        ("emodb", "03a01Xa"), ("emodb", "3a01Wa"), ("emodb", "03c01Wa"),
        ("crema-d", "1001_DFA_SUR_XX"), ("crema-d", "101_DFA_ANG_XX"), ("crema-d", "1001_DFA_ANG_XXX"),
        ("esd", "0000_000001"), ("esd", "0021_000001"), ("esd", "0011_001751"), ("esd", "0011_000000"),
        ("tess", "CAF_back_angry"), ("tess", "OAF_back_calm"),
        ("savee", "XX_a01"), ("savee", "a01"), ("savee", "DC_x01"),
        ("emov-db", "joyful_1-28_0001"), ("emov-db", "amused_0001"), ("iemocap", "Ses06F_impro01_F000"),
    ],
)  # fmt: skip
def test_any_other_name_is_none_of_the_corpus(corpus, name):
    assert corpus_of_name(corpus).parse(Path(f"folder/{name}.wav")) is None


def test_every_corpus_says_what_it_is_and_names_emotions_as_they_are_named_here():
    assert {corpus.name for corpus in known_corpora()} == {*TREES, "ravdess-song", "iemocap"}
    for corpus in known_corpora():
        assert all((corpus.title, corpus.size, corpus.source, corpus.licence, corpus.citation))
        assert corpus.pitfalls
    for clips in EXPECTED.values():
        assert all(emotion_name(emotion) == emotion for _, emotion, *_ in clips)


def test_an_unknown_corpus_is_answered_with_those_there_are():
    with pytest.raises(InputError, match="'emobd': not known.*emodb"):
        corpus_of_name("emobd")
    assert corpus_of_name("RAVDESS-song").name == "ravdess-song"


@pytest.mark.real
def test_emodb_has_its_535_clips(emodb_dir):
    index = index_corpora(emodb_dir)
    assert [folder.name for folder in index.folders] == ["emodb"] and not index.unusable and not index.others
    assert Counter(clip.emotion for clip in index.clips) == {
        "anger": 127, "boredom": 81, "neutral": 79, "happy": 71, "fearful": 69, "sad": 62, "disgust": 46,
    }  # fmt: skip
    assert len({clip.speaker for clip in index.clips}) == len({clip.sentence for clip in index.clips}) == 10
    assert len(shared_sentences(index.clips)) == 10


def test_the_page_on_corpora_has_each_with_its_size():
    rows = [line for line in (PROJECT / "docs" / "corpora.md").read_text().splitlines() if line.startswith("| `")]
    described = {row.split("`")[1]: row for row in rows}
    assert described.keys() == {corpus.name for corpus in known_corpora()}
    for corpus in known_corpora():
        assert all(number in described[corpus.name] for number in re.findall(r"[\d,]*\d", corpus.size.split(" in ")[0]))
