import { failed, ok, type Result } from '../program/result.ts'
import type { Flags, Given } from './command.ts'
import { messageOf } from '../program/message-of.ts'
import type { World } from './world.ts'

export const tokenFlags = {
  token: {
    type: 'string',
    value: 'TOKEN',
    sentence: 'Token, without "Bearer ". Other users of the machine can read command lines: prefer a file or CARILLON_TOKEN.',
  },
  'token-file': { type: 'string', value: 'FILE', sentence: 'File with the token. Default: the token in the variable CARILLON_TOKEN.' },
} as const satisfies Flags

/** Origins of a token: a flag, a flag with a file, a variable. */
export interface TokenSource {
  readonly flag: string
  readonly text: string | undefined
  readonly file: string | undefined
  readonly variable: string
}

/** Reads the token as it was given. @returns null when there is none */
export function readRawToken(
  { flag, text, file, variable }: TokenSource,
  world: Pick<World, 'env' | 'readFile'>,
): Result<string | null, string> {
  if (text !== undefined && file !== undefined) return failed(`--${flag} and --${flag}-file were both given. Give one of the two.`)
  if (file === undefined) return ok(text ?? (world.env[variable] || null))
  try {
    return ok(world.readFile(file).trim())
  } catch (error) {
    // Missing, a folder, or not readable by this user.
    return failed(`The file of --${flag}-file cannot be read (${messageOf(error)}). Give the path of a file that has the token alone.`)
  }
}

/** Reads the token of `--token`, `--token-file` or CARILLON_TOKEN, and refuses what cannot be one. */
export function readToken(given: Given<keyof typeof tokenFlags>, world: Pick<World, 'env' | 'readFile'>): Result<string | null, string> {
  const source = { flag: 'token', text: given.text('token'), file: given.text('token-file'), variable: 'CARILLON_TOKEN' }
  const token = readRawToken(source, world)
  const mistake = token.ok && token.value !== null ? findTokenMistake(token.value) : null
  return mistake === null ? token : failed(mistake)
}

/** Returns what is wrong with the form of a token, with the remedy; null when it can be one. */
export function findTokenMistake(token: string): string | null {
  if (/^bearer\b/i.test(token)) return 'The token begins with "Bearer ". Give the token alone.'
  if (/\s/.test(token)) return 'The token has white space in it. Give the token alone, without quotes or line breaks.'
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)
    ? null
    : 'The token is not a JSON Web Token: three parts with dots between them. Copy it whole.'
}
