import { nearestName } from '../program/options/nearest-name.ts'
import { type Command, refuse } from './command.ts'
import { conformance } from './conformance/conformance.ts'
import { doctor } from './doctor/doctor.ts'
import { emit } from './emit/emit.ts'
import type { Exit } from './exit-codes.ts'
import { renderCommandHelp, renderProgramHelp } from './help.ts'
import { listen } from './listen/listen.ts'
import { parseCommandLine } from './parse-command-line.ts'
import { revoke } from './revoke/revoke.ts'
import { token } from './token/token.ts'
import type { World } from './world.ts'

export const commands: readonly Command[] = [listen, emit, revoke, token, doctor, conformance]

/** Runs the command that the arguments name. @param argv without the names of Node and of the script */
export async function run(argv: readonly string[], world: World, version: string): Promise<Exit> {
  const [name = '', ...rest] = argv
  if (name === '--version') {
    world.out(`${version}\n`)
    return 'ok'
  }
  if (['--help', '-h', 'help'].includes(name)) return printHelp(world, rest[0])
  const command = commands.find((one) => one.name === name)
  if (command === undefined) return refuseCommand(world, name)
  const given = parseCommandLine(command, rest)
  if (!given.ok) return refuse(world, 'usage', given.error)
  if (given.value === null) return printHelp(world, name)
  return command.run(given.value, world)
}

function printHelp(world: World, name: string | undefined): Exit {
  const command = commands.find((one) => one.name === name)
  world.out(command === undefined ? renderProgramHelp(commands) : renderCommandHelp(command))
  return 'ok'
}

function refuseCommand(world: World, name: string): Exit {
  const names = commands.map((command) => command.name)
  if (name === '') return refuse(world, 'usage', `No command. Give one of ${names.join(', ')}; carillon --help describes them.`)
  const near = nearestName(name, names)
  return refuse(
    world,
    'usage',
    `There is no command "${name}". ${near === null ? `Give one of ${names.join(', ')}.` : `Did you mean ${near}?`}`,
  )
}
