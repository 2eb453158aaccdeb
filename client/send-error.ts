/** An event, a token or filters that were not accepted. `type` says why, for programs; the message says it for people, with a remedy. */
export class SendError extends Error {
  /** The name of the class, also in code that was made smaller. */
  override readonly name = 'SendError'
  /**
   * The gateway's problem, such as `urn:carillon:problem:forbidden` (docs/reference/problems.md), or a reason of the client: `urn:carillon:client:`
   * and one of `outbox-full`, `too-large`, `duplicate-id`, `not-supported`, `no-answer` and `closed`.
   */
  readonly type: string
  /** Id of the event; null for a token and for filters. */
  readonly id: string | null

  constructor(type: string, detail: string, id: string | null = null) {
    super(detail)
    this.type = type
    this.id = id
  }
}

/** Makes an error of the client itself. */
export const clientError = (reason: string, detail: string, id?: string): SendError =>
  new SendError(`urn:carillon:client:${reason}`, detail, id)
