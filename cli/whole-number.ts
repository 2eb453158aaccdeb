import { failed, ok, type Result } from '../program/result.ts'

/** Reads a flag of a whole number. @returns an error that names the flag and its bounds */
export function readWholeNumber(
  text: string | undefined,
  { flag, least, most, fallback }: { readonly flag: string; readonly least: number; readonly most: number; readonly fallback: number },
): Result<number, string> {
  if (text === undefined) return ok(fallback)
  const number = Number(text)
  return /^\d+$/.test(text) && number >= least && number <= most
    ? ok(number)
    : failed(`--${flag} is "${text}". Give a whole number from ${least} to ${most}.`)
}
