import { fileURLToPath } from 'node:url'
import { spawnProgram, type Program, type ProgramOptions } from './program.ts'

export type { Program as GatewayProcess, ProgramOptions as GatewayProcessOptions } from './program.ts'

/** `node gateway/main.ts`, as a process of its own. */
export function spawnGateway(options: ProgramOptions = {}): Program {
  return spawnProgram(fileURLToPath(new URL('../../gateway/main.ts', import.meta.url)), options)
}
