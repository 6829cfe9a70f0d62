// @ts-check
/** Writes stories word by word. It yields after each word, as a language model would. */

const SENTENCES = [
  'the fox ran through the wood and met the owl',
  'the owl said that the night was long',
  'the night came over the river and the hill',
  'the river ran down to the old mill',
  'the mill was dark and the door was open',
  'and a light burned in the window of the house',
  'the house said nothing and the fox went on',
  'a door was open and the old man came out',
];
/** The time that a model might take for a word. */
const WORD_MS = 20;

/** By word: those that have followed it, in the order of the sentences. */
const followers = new Map();
for (const sentence of SENTENCES) {
  const words = sentence.split(' ');
  for (const [i, word] of words.entries())
    followers.set(word, [...(followers.get(word) ?? []), words[i + 1] ?? 'and']);
}

export class Predictor {
  /** @param {Record<string, { data: ArrayLike<any> }>} columns */
  async *predict({ beginning, words }) {
    const stories = Array.from(beginning?.data ?? [], (text, row) => new Story(text, words?.data[row]));
    const columns = () => ({
      text: stories.map(({ text }) => text),
      written: stories.map(({ written }) => written),
    });
    while (stories.some(({ isOver }) => !isOver)) {
      await new Promise((resolve) => setTimeout(resolve, WORD_MS));
      for (const story of stories) story.goOn();
      yield columns();
    }
  }
}

class Story {
  /** @param {string} beginning @param {number} wanted */
  constructor(beginning, wanted) {
    this.last =
      beginning
        .toLowerCase()
        .match(/[a-z]+/g)
        ?.at(-1) ?? 'the';
    this.wanted = wanted;
    this.text = '';
    this.written = 0;
  }

  get isOver() {
    return this.written >= this.wanted;
  }

  /** Writes one word, always the same after the same words. */
  goOn() {
    if (this.isOver) return;
    const next = followers.get(this.last) ?? ['the'];
    this.last = next[this.written % next.length];
    this.text += `${this.text === '' ? '' : ' '}${this.last}`;
    this.written++;
  }
}
