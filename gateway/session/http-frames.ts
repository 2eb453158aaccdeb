import type { Principal } from '../audience/principal.ts'
import type { Result } from '../../program/result.ts'
import type { Problem } from '../request/problem.ts'

/** Frames of clients whose connection is an event stream, docs/protocol.md section 5.3. Never rejects. */
export interface HttpFrames {
  /** Finds out who sends. Called before the body is read. */
  authorize(credentials: FrameCredentials): Promise<Result<Principal, Problem>>
  /** Takes a frame. @returns its answer: an event in the JSON format */
  post(frame: HttpFrame): Promise<Result<Buffer, Problem>>
}

/** Headers of a request. */
export interface FrameCredentials {
  readonly origin: string | null
  readonly cookie: string | null
  readonly authorization: string | null
}

export interface HttpFrame {
  /** The sender, verified. */
  readonly principal: Principal
  /** The id in the path, as the client gave it. */
  readonly sessionId: string
  readonly text: Buffer
}
