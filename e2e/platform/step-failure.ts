/** A step that could not be done, for a person to read: what, why, and what to do about it. */
export class StepFailure extends Error {
  /** What the machine said, line by line. */
  readonly why: readonly string[]
  readonly todo: string

  constructor(message: string, { why = [], todo = '' }: { readonly why?: readonly string[]; readonly todo?: string } = {}) {
    super(message)
    this.name = 'StepFailure'
    this.why = why
    this.todo = todo
  }
}
