import { readFileSync } from 'node:fs'

/** What the rig tells the servers that it runs from this folder. */
export interface ServerEnvironment {
  readonly port: number
  readonly publishPort: number
  /** What allows to publish. */
  readonly key: string
  readonly keysFile: string
  readonly issuer: string
  readonly audience: string
  /** Where the packages of a peer are installed. */
  readonly packages: string
}

/** @throws Error when the rig did not start this process */
export function readServerEnvironment(env: NodeJS.ProcessEnv): ServerEnvironment {
  const text = env.PEERS_SERVER
  if (text === undefined) throw new Error('this file is started by the benchmarks (node bench/peers/main.ts), not by hand')
  return JSON.parse(text) as ServerEnvironment // written by contenders/
}

export const readKeys = ({ keysFile }: ServerEnvironment): string => readFileSync(keysFile, 'utf8')
