import type { Result } from '../../../program/result.ts'
import type { DialectName } from '../dialects/dialects.ts'

/** A server that is measured: how it comes here, how it is started, and how it is spoken to. */
export interface Contender {
  /** On the command line. */
  readonly name: string
  /** In tables. */
  readonly title: string
  readonly dialect: DialectName
  /** Whether clients that come back can ask for what they missed. */
  readonly resumes: boolean
  /** Fetches and builds what it needs, unless that is there. @returns its version, or why it cannot be had on this machine */
  prepare(options: PrepareOptions): Promise<Result<string, string>>
  /** What to start. Decides only. */
  launch(options: LaunchOptions): Launch
}

export interface PrepareOptions {
  /** A folder of this contender's own, which may be there from an earlier run. */
  readonly directory: string
  readonly say: (line: string) => void
}

export interface LaunchOptions {
  /** For files of this server's. */
  readonly directory: string
  /** Where `prepare` built. */
  readonly buildDirectory: string
  /** Of 127.0.0.1; the next two are free as well. */
  readonly port: number
  /** What allows to publish. */
  readonly key: string
  readonly issuer: IssuerOptions
  /** Where events come from; null: the contender's own memory. */
  readonly kafka: { readonly brokers: readonly string[]; readonly topic: string } | null
}

export interface IssuerOptions {
  readonly issuer: string
  readonly audience: string
  /** A file with the JSON Web Key Set. */
  readonly keysFile: string
  readonly publicKeyPem: string
}

export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** By name in `directory`, written before the start. */
  readonly files: Readonly<Record<string, string>>
  /** Where it takes events; its clients come to the port that it was given. */
  readonly publishPort: number
  /** It is ready when this answers 200; null: when the port takes connections. */
  readonly readyUrl: string | null
}
