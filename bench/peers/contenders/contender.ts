import type { Result } from '../../../program/result.ts'
import type { DialectName } from '../dialects/dialects.ts'
import type { NatsAccount } from './nats-account.ts'

export const measureNames = ['broadcast', 'idle', 'stalled', 'storm', 'targeted', 'loss'] as const
export type MeasureName = (typeof measureNames)[number]

/** A server that is measured: its installation, its start, and its protocol. */
export interface Contender {
  /** Name on the command line. */
  readonly name: string
  /** Name in tables. */
  readonly title: string
  readonly dialect: DialectName
  /** Folder of its build, for contenders that share one. @default its dialect */
  readonly build?: string
  /** True when returning clients can ask for what they missed. */
  readonly resumes: boolean
  /** Measures that it does not take part in, with the reasons: they are in the tables. @default none */
  readonly leavesOut?: Readonly<Partial<Record<MeasureName, string>>>
  /** Fetches and builds what it needs, once. @returns its version, or why this machine cannot have it */
  prepare(options: PrepareOptions): Promise<Result<string, string>>
  /** Returns the command to start. Has no effect of its own. */
  launch(options: LaunchOptions): Launch
}

export interface PrepareOptions {
  /** Folder of this contender, kept between runs. */
  readonly directory: string
  readonly say: (line: string) => void
}

export interface LaunchOptions {
  /** Folder for files of this server. */
  readonly directory: string
  /** Folder where `prepare` built. */
  readonly buildDirectory: string
  /** Port of 127.0.0.1; the next one is free as well. */
  readonly port: number
  /** Credential for publishing. */
  readonly key: string
  readonly issuer: IssuerOptions
  /** Secret of resume tickets; the same after a restart. */
  readonly ticketSecret: string
  /** Source of events; null: the contender's own memory. */
  readonly kafka: { readonly brokers: readonly string[]; readonly topic: string } | null
}

export interface IssuerOptions {
  readonly issuer: string
  readonly audience: string
  /** File with the JSON Web Key Set. */
  readonly keysFile: string
  readonly publicKeyPem: string
  /** Accounts of NATS, whose users the rig makes. */
  readonly nats: NatsAccount
}

export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Files by name in `directory`, written before the start. */
  readonly files: Readonly<Record<string, string>>
  /** Port for publishers; clients use the port above. */
  readonly publishPort: number
  /** URL that answers 200 when it is ready; null: it is ready when the port takes connections. */
  readonly readyUrl: string | null
}
