"""The recipe of `language`: which of 15 languages a text is in. Naive Bayes on pieces of words, in NumPy.

The tokenizer is made here, too: it cuts each word into the longest pieces that it knows, from the left. The graph adds
up what each piece says of each language. The model card (README.md) has the figures.
"""

import ast
import json
import re
import unicodedata
import zipfile
from collections import Counter
from pathlib import Path

import numpy
import onnxruntime
from graph import Graph
from recipe import DataError, GoldenRow, Metric, TrainedVersion, TrainingFiles, main, require_file

#: In the order of the manifest's `labels`.
LANGUAGES = ["cs", "da", "de", "en", "es", "fi", "fr", "hu", "it", "nl", "pl", "pt", "ro", "sv", "tr"]
#: Texts of the data have placeholders and tags.
NO_LANGUAGE = re.compile(r"%\(\w+\)[a-z]|%[a-z]|<[^>]*>|\{\w*\}|&\w+;|https?:\S+|[\d_]+")
PIECE_LENGTHS = range(1, 5)
VOCABULARY = 6000
#: A piece that a language never had counts as if it had been there so often.
SMOOTHING = 0.5
#: A piece that cannot be cut into known ones.
UNKNOWN = "[UNK]"
#: Fills up shorter texts. It says nothing.
PADDING = "[PAD]"
#: Before a piece that does not begin its word.
INSIDE = "##"
MAX_TOKENS = 512
#: Many of the texts are single words and names. Longer ones tell their language better.
LONG = 25
GOLDEN_TEXTS = [
    "Où est la bibliothèque ?",
    "Wo ist die Bücherei?",
    "Where is the library?",
    "¿Dónde está la biblioteca?",
    "Dov'è la biblioteca?",
    "Waar is de bibliotheek?",
    "Hvor er biblioteket?",
    "Var ligger biblioteket?",
    "Missä kirjasto on?",
    "Gdzie jest biblioteka?",
    "Kde je knihovna?",
    "Hol van a könyvtár?",
    "Onde fica a biblioteca?",
    "Unde este biblioteca?",
    "Kütüphane nerede?",
    "12 + 30 = 42",
    "日本語",
    "a",
    "THE QUICK BROWN FOX",
    "le " * 200,
]

Texts = list[tuple[str, int]]


def train(files: TrainingFiles, report) -> TrainedVersion:
    if len(files.all) != 1:
        raise DataError(f"expected one file, which the recipe splits itself, got {len(files.all)}")
    [file] = files.train
    texts = read_texts(file)
    report(f"read {file.name}: {len(texts)} texts in {len(LANGUAGES)} languages")

    order = numpy.random.default_rng(0).permutation(len(texts))
    test, training = ([texts[i] for i in part] for part in (order[: len(order) // 5], order[len(order) // 5 :]))
    vocabulary = choose_pieces(training)
    weights = count(training, vocabulary)
    report(f"counted {len(vocabulary)} pieces in {len(training)} texts")

    model = encode_model(weights)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    metrics = []
    long = [(text, language) for text, language in test if len(text) >= LONG]
    parts = {"training texts": training, "test texts": test, f"test texts of {LONG} characters or more": long}
    for name, part in parts.items():
        right = [predict(session, tokenize(text, vocabulary)).argmax() == language for text, language in part]
        metrics.append(Metric(f"{file.name}, {name}", "accuracy", "dimensionless", round(float(numpy.mean(right)), 6)))
    report(f"evaluated {len(test)} test texts")

    golden_rows = [
        GoldenRow(
            {"text": text},
            {"language": [round(float(value), 6) for value in apply(weights, tokenize(text, vocabulary))]},
        )
        for text in GOLDEN_TEXTS
    ]
    return TrainedVersion(
        model, metrics, golden_rows, tolerance=1e-4, files={"tokenizer.json": encode_tokenizer(vocabulary)}
    )


def read_texts(file: Path) -> Texts:
    """The texts of Django's wheel, each with the index of its language. Texts in English are those that are translated."""
    require_file(file)
    texts = {language: set() for language in LANGUAGES}
    try:
        with zipfile.ZipFile(file) as wheel:
            for name in sorted(wheel.namelist()):
                language = re.search(r"/locale/(\w+)/LC_MESSAGES/django\.po$", name)
                if language is None or language[1] not in LANGUAGES:
                    continue
                for original, translated in read_messages(wheel.read(name).decode()):
                    texts["en"].add(plain(original))
                    texts[language[1]].add(plain(translated))
    except (zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise DataError(f"{file}: expected a wheel of Django, got: {error}") from error
    if not all(texts.values()):
        raise DataError(f"{file}: expected messages in {', '.join(LANGUAGES)}, got none in some of them")
    # A text of several languages, such as a name, tells none of them.
    languages_of = Counter(text for of_language in texts.values() for text in of_language)
    return [
        (text, LANGUAGES.index(language))
        for language, of_language in texts.items()
        for text in sorted(of_language)
        if languages_of[text] == 1 and len(text) >= 3
    ]


def read_messages(text: str) -> list[tuple[str, str]]:
    """The pairs of msgid and msgstr of a file of gettext."""
    pairs = re.findall(r'^msgid ((?:".*"\s*)+)^msgstr ((?:".*"\s*)+)', text, re.MULTILINE)
    joined = [tuple("".join(map(ast.literal_eval, re.findall('".*"', part))) for part in pair) for pair in pairs]
    return [(original, translated) for original, translated in joined if original and translated]


def plain(text: str) -> str:
    return " ".join(NO_LANGUAGE.sub(" ", text).split())


def words_of(text: str) -> list[str]:
    """As the tokenizer's pre-tokenizer cuts: at spaces, and each sign of punctuation is a word."""
    spaced = "".join(f" {sign} " if is_punctuation(sign) else sign for sign in text.lower())
    return spaced.split()


def is_punctuation(sign: str) -> bool:
    return unicodedata.category(sign).startswith("P") or (sign.isascii() and not sign.isalnum() and not sign.isspace())


def choose_pieces(texts: Texts) -> dict[str, int]:
    """The commonest pieces of words with all single signs, each with its id."""
    counts = Counter()
    for text, _ in texts:
        for word in words_of(text):
            for length in PIECE_LENGTHS:
                for start in range(len(word) - length + 1):
                    counts[(INSIDE if start else "") + word[start : start + length]] += 1
    signs = {sign for text, _ in texts for word in words_of(text) for sign in word}
    singles = sorted([*signs, *(INSIDE + sign for sign in signs)])
    common = [piece for piece, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    pieces = [PADDING, UNKNOWN, *singles, *(piece for piece in common if piece not in set(singles))]
    return {piece: number for number, piece in enumerate(pieces[:VOCABULARY])}


def tokenize(text: str, vocabulary: dict[str, int]) -> list[int]:
    """The longest known pieces of each word from the left; of a word with an unknown sign, one unknown piece."""
    ids = []
    for word in words_of(text):
        pieces, start = [], 0
        while start < len(word):
            candidates = ((INSIDE if start else "") + word[start:end] for end in range(len(word), start, -1))
            piece = next((candidate for candidate in candidates if candidate in vocabulary), None)
            if piece is None:
                pieces = [UNKNOWN]
                break
            pieces.append(piece)
            start += len(piece) - (len(INSIDE) if start else 0)
        ids += [vocabulary[piece] for piece in pieces]
    return ids[:MAX_TOKENS]


def count(texts: Texts, vocabulary: dict[str, int]) -> numpy.ndarray:
    """The logarithm of how often each language has each piece, float32 [pieces, languages]."""
    counts = numpy.full((len(vocabulary), len(LANGUAGES)), SMOOTHING)
    for text, language in texts:
        numpy.add.at(counts, (tokenize(text, vocabulary), language), 1)
    weights = numpy.log(counts / counts.sum(axis=0))
    # The same for all languages: only differences between languages count.
    weights -= weights.mean(axis=1, keepdims=True)
    weights[[vocabulary[PADDING], vocabulary[UNKNOWN]]] = 0
    return weights.astype(numpy.float32)


def apply(weights: numpy.ndarray, ids: list[int]) -> numpy.ndarray:
    """The probability of each language for the pieces of a text, float64 [languages]."""
    sums = weights.astype(numpy.float64)[ids].sum(axis=0)
    powers = numpy.exp(sums - sums.max())
    return powers / powers.sum()


def encode_model(weights: numpy.ndarray) -> bytes:
    graph = Graph()
    graph.input("ids", "int64", "of the pieces; 0 fills up", ["tokens"])
    graph.add("pieces", "Gather", weights, "ids", axis=0)
    graph.add("sums", "ReduceSum", "pieces", numpy.array([1]), keepdims=0)
    graph.add("probabilities", "Softmax", "sums", axis=1)
    graph.output("probabilities", "float32", f"of {', '.join(LANGUAGES)}", [len(LANGUAGES)])
    return graph.encode("language", "Which language a text is in.")


def predict(session: onnxruntime.InferenceSession, ids: list[int]) -> numpy.ndarray:
    [probabilities] = session.run(["probabilities"], {"ids": numpy.array([ids or [0]])})
    return probabilities[0]


def encode_tokenizer(vocabulary: dict[str, int]) -> bytes:
    """The tokenizer as the library tokenizers of Hugging Face stores it."""
    special = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": vocabulary[text], "content": text, **special} for text in (PADDING, UNKNOWN)],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "WordPiece",
            "unk_token": UNKNOWN,
            "continuing_subword_prefix": INSIDE,
            "max_input_chars_per_word": 1000,
            "vocab": vocabulary,
        },
    }
    return (json.dumps(tokenizer, ensure_ascii=False, indent=0) + "\n").encode()


if __name__ == "__main__":
    main(train)
