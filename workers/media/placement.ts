/**
 * Where a picture lies in the tensor that the graph gets. Detections are brought back to the picture by the same
 * figures.
 *
 *  stretch    the picture fills the tensor, and its sides may change their proportion.
 *  letterbox  the whole picture lies in the middle, and one colour fills the rest.
 *  crop       the middle of the picture fills the tensor, and the rest is cut off.
 */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Placement {
  /** Of the picture, upright. */
  readonly picture: Size;
  /** Of the picture once it is scaled. */
  readonly scaled: Size;
  /** Where the scaled picture begins in the tensor; negative if it is cut off there. */
  readonly left: number;
  readonly top: number;
}

export type Fit = 'stretch' | 'letterbox' | 'crop';

/** @param cropRatio for `crop`: the share of the scaled picture's shorter side that is kept, such as 224 of 256. */
export function placementOf(picture: Size, target: Size, fit: Fit, cropRatio: number): Placement {
  const scaled = scaledSize(picture, target, fit, cropRatio);
  return {
    picture,
    scaled,
    left: Math.floor((target.width - scaled.width) / 2),
    top: Math.floor((target.height - scaled.height) / 2),
  };
}

function scaledSize(picture: Size, target: Size, fit: Fit, cropRatio: number): Size {
  const ratios = [target.width / picture.width, target.height / picture.height];
  switch (fit) {
    case 'stretch':
      return target;
    case 'letterbox': {
      const { width, height } = scale(picture, Math.min(...ratios));
      return { width: Math.min(width, target.width), height: Math.min(height, target.height) };
    }
    case 'crop': {
      const { width, height } = scale(picture, Math.max(...ratios) / cropRatio);
      return { width: Math.max(width, target.width), height: Math.max(height, target.height) };
    }
  }
}

export function scale({ width, height }: Size, by: number): Size {
  return { width: Math.max(1, Math.round(width * by)), height: Math.max(1, Math.round(height * by)) };
}
