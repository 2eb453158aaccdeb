/** A failed step, for a person to read: what, why, and what to do about it. */
export class StepFailure extends Error {
  /** Output of the command, line by line. */
  readonly why: readonly string[]
  readonly todo: string

  constructor(message: string, { why = [], todo = '' }: { readonly why?: readonly string[]; readonly todo?: string } = {}) {
    super(message)
    this.name = 'StepFailure'
    this.why = why
    this.todo = todo
  }
}
