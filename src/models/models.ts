/**
 * Models as they lie on disk: `models/<name>/model.json` (the manifest), and a folder per version with `model.onnx`,
 * `version.json` and `golden.json`. `catalog.ts` finds and follows them. This folder does not read ONNX: the worker
 * compares manifest and graph.
 */
import { badValue, quoted } from '../contract/errors.ts';
import type { VersionRecord as RegistryRecord } from '../contract/messages/versionRecord.ts';
import { isPlainInput, type Manifest, type ManifestInput, sizeOf } from './manifest.ts';
import type { VersionFile } from './versionFiles.ts';

/** What runs a version. */
export const Runtime = { Onnx: 'onnx', Python: 'python', Node: 'node', Command: 'command' } as const;
export type Runtime = (typeof Runtime)[keyof typeof Runtime];

/** A version that is code, and how its process is started. docs/runtimes.md explains both. */
export type VersionCode =
  | {
      readonly runtime: typeof Runtime.Python | typeof Runtime.Node;
      /** A file of the version and a class in it, such as `predictor.py:Predictor`. */
      readonly entry: string;
    }
  | {
      readonly runtime: typeof Runtime.Command;
      /** A program and its arguments. A path is relative to the version's folder. */
      readonly command: readonly string[];
    };

/** `version.json`: the origin of a version, and how good it is. */
export interface VersionRecord {
  /** Hex SHA-256 of `model.onnx`; of a version with `files`, that of the list, see `digestOfFiles`. */
  readonly sha256: string;
  /** RFC 3339. */
  readonly created: string;
  readonly trainedOn: readonly string[];
  readonly metrics: readonly {
    readonly data: string;
    readonly name: string;
    readonly unit: string;
    readonly value: number;
  }[];
}

export interface ModelVersion extends VersionRecord {
  /** Undefined for an ONNX file. */
  readonly code?: VersionCode | undefined;
  /** All its files, if `version.json` lists them. A version that is code always does. */
  readonly files?: readonly VersionFile[] | undefined;
  /** A positive integer, as text: the folder's name. */
  readonly version: string;
  readonly folder: string;
  /** The bytes of its model: of all its files but version.json and golden.json. Undefined if they cannot be read. */
  readonly bytes?: number | undefined;
  /** Of the registry. Undefined for a folder of MODELS_DIR. */
  readonly registered?: RegistryRecord | undefined;
}

/** A version folder that cannot be read, or not yet. If it was readable before, the model still has that version. */
export interface UnreadableVersion {
  readonly version: string;
  /** One sentence that everybody may read: it names files as in MODELS_DIR, without paths of the machine. */
  readonly reason: string;
}

export interface Model {
  readonly manifest: Manifest;
  /** The versions of now, oldest first; empty if all were removed. */
  readonly versions: readonly ModelVersion[];
  /** Oldest first. */
  readonly unreadable: readonly UnreadableVersion[];
}

/** A tensor, a picture or a long text is harder to understand than any other inputs. */
const TENSOR_VALUES = 100_000;

/**
 * Orders models for people who try them: a model with few inputs is easiest to understand. A vector counts its numbers.
 * Models without a version come last.
 */
export function simplestFirst(models: readonly Model[]): readonly Manifest[] {
  const valuesIn = (input: ManifestInput) => (isPlainInput(input) ? (sizeOf(input) ?? 1) : TENSOR_VALUES);
  const valuesOf = ({ inputs }: Manifest) => inputs.reduce((sum, input) => sum + valuesIn(input), 0);
  const isEmpty = ({ versions }: Model) => Number(versions.length === 0);
  return models
    .toSorted((a, b) => isEmpty(a) - isEmpty(b) || valuesOf(a.manifest) - valuesOf(b.manifest))
    .map(({ manifest }) => manifest);
}

/** @throws {RequestError} `BAD_USER_INPUT` if there is no model of that name. */
export function modelNamed(models: readonly Model[], name: string): Model {
  const found = models.find(({ manifest }) => manifest.name === name);
  if (found !== undefined) return found;
  throw badValue('model', 'the name of a model, as models lists it', quoted(name));
}
