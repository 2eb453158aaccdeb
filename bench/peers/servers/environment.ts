import { readFileSync } from 'node:fs'

/** Settings that the rig passes to the servers of this folder. */
export interface ServerEnvironment {
  readonly port: number
  readonly publishPort: number
  /** Credential for publishing. */
  readonly key: string
  readonly keysFile: string
  readonly issuer: string
  readonly audience: string
  /** Folder with the installed packages of a peer. */
  readonly packages: string
}

/**
 *
 * @throws Error when the rig did not start this process
 */
export function readServerEnvironment(env: NodeJS.ProcessEnv): ServerEnvironment {
  const text = env.PEERS_SERVER
  if (text === undefined) throw new Error('this file is started by the benchmarks (node bench/peers/main.ts), not by hand')
  return JSON.parse(text) as ServerEnvironment // written by contenders/
}

export const readKeys = ({ keysFile }: ServerEnvironment): string => readFileSync(keysFile, 'utf8')
