/** What a training uses a dataset for, in words. */
export function purposeOf(use: string): string {
  return use === 'TRAIN' ? 'Trained on' : use === 'VALIDATE' ? 'Validated on' : 'Judged on';
}
