import { failed, ok, type Result } from '../../program/result.ts'
import { messageOf } from '../../program/message-of.ts'
import type { World } from '../world.ts'

/** Longest text that can be a cursor. */
const maxCursorLength = 65_536
const savedEveryMs = 1_000

/** Keeps the newest cursor in a file: at most once a second, and at the end. After a kill, at most one second of events comes again. */
export interface CursorFile {
  /** Cursor of an earlier run; null: none. */
  readonly cursor: string | null
  keep(cursor: string | null): void
  save(): Result<void, string>
}

export function openCursorFile(path: string | undefined, world: World): Result<CursorFile, string> {
  if (path === undefined) return ok({ cursor: null, keep: () => undefined, save: () => ok(undefined) })
  const read = readCursor(path, world)
  if (!read.ok) return read
  let saved = read.value
  let newest = saved
  let savedAtMs = world.now()
  const save = (): Result<void, string> => {
    savedAtMs = world.now()
    if (newest === null || newest === saved) return ok(undefined)
    try {
      world.writeFile(path, `${newest}\n`)
    } catch (error) {
      // The folder is missing or not writable, or the disk is full.
      return failed(`The cursor file ${path} cannot be written (${messageOf(error)}). Give a path that this user can write.`)
    }
    saved = newest
    return ok(undefined)
  }
  return ok({
    cursor: saved,
    keep: (cursor) => {
      newest = cursor ?? newest
      // A failure comes again at the end, where it is reported.
      if (world.now() - savedAtMs >= savedEveryMs) save()
    },
    save,
  })
}

function readCursor(path: string, world: World): Result<string | null, string> {
  if (!world.isFile(path)) return ok(null)
  try {
    const cursor = world.readFile(path).trim()
    if (cursor.length > maxCursorLength || /\s/.test(cursor))
      return failed(`${path} has no cursor in it. Give another --cursor-file, or delete this one.`)
    return ok(cursor === '' ? null : cursor)
  } catch (error) {
    return failed(`The cursor file ${path} cannot be read (${messageOf(error)}). Give a path that this user can read.`)
  }
}
