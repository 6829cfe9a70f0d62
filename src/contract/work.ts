/**
 * Work: tasks that are no predictions. A dataset is checked, a model is trained. Work consists of steps, which trainers
 * take from a queue one after another. What a client sees of a step is its stage.
 */
import { ANY_TEXT, COUNT, FINITE, INSTANT, LONGEST_LIST, NAME, PATH_INSIDE } from './bounds.ts';
import { custom, listOf, number, object, oneOf, type Passing, text, withDefault } from './schema.ts';

export const WorkKind = { Training: 'TRAINING', Dataset: 'DATASET' } as const;
export type WorkKind = (typeof WorkKind)[keyof typeof WorkKind];

/** The steps, as subjects have them. */
export const StepName = { Check: 'check', Prepare: 'prepare', Train: 'train', Evaluate: 'evaluate' } as const;
export type StepName = (typeof StepName)[keyof typeof StepName];
export const STEP_NAMES: readonly StepName[] = Object.values(StepName);
export const STEP_NAME = oneOf(STEP_NAMES);

/** The steps of each kind of work, in their order. */
export const STEPS_OF: Readonly<Record<WorkKind, readonly StepName[]>> = {
  [WorkKind.Dataset]: [StepName.Check],
  [WorkKind.Training]: [StepName.Prepare, StepName.Train, StepName.Evaluate],
};

/** The class of trainers that takes checks of datasets. */
export const CHECK_CLASS = 'cpu';

/** `REGISTER` is no step: the trainer that has evaluated a version writes its record. */
export const StageName = {
  Check: 'CHECK',
  Prepare: 'PREPARE',
  Train: 'TRAIN',
  Evaluate: 'EVALUATE',
  Register: 'REGISTER',
} as const;
export type StageName = (typeof StageName)[keyof typeof StageName];

export const StageState = {
  Waiting: 'WAITING',
  Running: 'RUNNING',
  Succeeded: 'SUCCEEDED',
  Failed: 'FAILED',
  Skipped: 'SKIPPED',
} as const;
export type StageState = (typeof StageState)[keyof typeof StageState];

export const SHA256 = text('a SHA-256 in hex', { pattern: '^[0-9a-f]{64}$' });
/** Of a file: artifacts may have more than 2 GiB. */
const BYTE_COUNT = number('a number of bytes', 0, Number.MAX_SAFE_INTEGER);

const STAGE = object(
  'a stage',
  { name: oneOf(Object.values(StageName)), state: oneOf(Object.values(StageState)) },
  { startedAt: INSTANT, finishedAt: INSTANT, worker: NAME, note: ANY_TEXT },
);
export type Stage = Passing<typeof STAGE>;

const NAMED_NUMBER = object('a name and a number', { name: NAME, value: FINITE });
export type NamedNumber = Passing<typeof NAMED_NUMBER>;

export const PROGRESS = object(
  'how far a step is',
  { done: FINITE, unit: NAME, at: INSTANT },
  { of: FINITE, metrics: listOf('a list of figures', NAMED_NUMBER, { maxItems: 100 }), secondsLeft: FINITE },
);
/** How far a step is: so many units of so many. `at` is broker time. */
export type Progress = Passing<typeof PROGRESS>;

export const Verdict = { Pass: 'PASS', Fail: 'FAIL', TooFew: 'TOO_FEW', Skipped: 'SKIPPED' } as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

const CHECK = object(
  'a check of the gate',
  { name: NAME, verdict: oneOf(Object.values(Verdict)), count: COUNT },
  {
    /** Of the candidate. */
    observed: FINITE,
    /** Of the version that answers now, over the same rows. */
    live: FINITE,
    limit: FINITE,
  },
);
/** One condition of the gate, and what was observed. `count` is the number of rows it was computed from. */
export type Check = Passing<typeof CHECK>;
export const CHECKS = listOf(`a list of ${LONGEST_LIST} checks at most`, CHECK, { maxItems: LONGEST_LIST });

const FILE_PATH = { maxLength: 200, pattern: PATH_INSIDE };
export const FILE = object('a file', {
  path: text('a path inside a folder, of 200 characters at most', FILE_PATH),
  sha256: SHA256,
  bytes: BYTE_COUNT,
});
/** A file whose bytes lie in the store of artifacts. */
export type ArtifactFile = Passing<typeof FILE>;

/** Whether a text may be the path of a `FILE`. */
export function isFilePath(text: string): boolean {
  return text.length <= FILE_PATH.maxLength && new RegExp(FILE_PATH.pattern, 'u').test(text);
}

/** Where the bytes of a data file are: in the store of artifacts, or in the folder `DATASETS_DIR` of trainers. */
export const DataPlace = { Store: 'STORE', Folder: 'FOLDER' } as const;
export type DataPlace = (typeof DataPlace)[keyof typeof DataPlace];

export const DATA_FILE_MEMBERS = {
  name: NAME,
  sha256: SHA256,
  bytes: BYTE_COUNT,
  place: oneOf(Object.values(DataPlace)),
};
export const DATA_FILE = object('a data file', DATA_FILE_MEMBERS);
export type DataFile = Passing<typeof DATA_FILE>;

export const DataUse = { Train: 'TRAIN', Validate: 'VALIDATE', Holdout: 'HOLDOUT' } as const;
export type DataUse = (typeof DataUse)[keyof typeof DataUse];

/** What a client asks for with `addDataset`. */
export const DATASET_ASK = object('a dataset to check', {
  name: NAME,
  /** See `datasetDigest`. */
  digest: SHA256,
  files: listOf('a list of data files', DATA_FILE, { minItems: 1, maxItems: LONGEST_LIST }),
});
export type DatasetAsk = Passing<typeof DATASET_ASK>;

const DATASET_USE = object('a dataset and its use', {
  name: NAME,
  digest: SHA256,
  use: oneOf(Object.values(DataUse)),
});
export type DatasetUse = Passing<typeof DATASET_USE>;

/** Cuts the rows of the only dataset that is given. */
const SPLIT = object('a split', {
  /** Above 0, below 100. */
  holdoutPercent: number('a percentage', 0, 100),
  by: oneOf(['HASH', 'TIME']),
});
export type Split = Passing<typeof SPLIT>;

/** What a client asks for with `trainModel`. */
export const TRAINING_ASK = object(
  'a training',
  {
    datasets: listOf('a list of datasets', DATASET_USE, { minItems: 1, maxItems: 100 }),
    /** A file of the model's folder, such as train.py. */
    recipe: NAME,
    /** By name, each as the manifest has it; defaults are filled in. */
    params: custom<Readonly<Record<string, number | string | boolean>>>('values by the name of a parameter', {
      type: 'object',
      additionalProperties: { type: ['number', 'string', 'boolean'] },
      maxProperties: 100,
    }),
    seed: COUNT,
    /** The class of trainers that takes its steps. */
    class: NAME,
    maxAttempts: COUNT,
  },
  { split: SPLIT },
);
export type TrainingAsk = Passing<typeof TRAINING_ASK>;

export const WORK = object(
  'work',
  {
    kind: oneOf(Object.values(WorkKind)),
    stages: listOf('a list of stages', STAGE, { maxItems: 20 }),
    /** Of the present or last step. */
    attempts: COUNT,
    /** Whether the version was there already, made of the same data by the same recipe. */
    reused: withDefault(custom<boolean>('true or false', { type: 'boolean' }), false),
  },
  {
    progress: PROGRESS,
    gates: CHECKS,
    /** The version that was registered. */
    version: NAME,
    /** The dataset that was checked. */
    dataset: object('a dataset', { name: NAME, digest: SHA256 }),
    training: TRAINING_ASK,
  },
);
/** What a client sees of work, beside the members that all tasks have. */
export type Work = Passing<typeof WORK>;

/** The most work that waits or runs at once. */
export const MAX_UNFINISHED_WORK = 1_000;
/** How long the end of work is kept. */
export const WORK_KEPT_MS = 365 * 24 * 60 * 60 * 1_000;

/** The shortest and the longest `timeoutMs` of work, in milliseconds. */
export const WORK_TIMEOUT_MS = { least: 60_000, most: 7 * 24 * 60 * 60 * 1_000 } as const;
