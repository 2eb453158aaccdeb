import { messageOf } from '../../program/message-of.ts'
import { readFileSync } from 'node:fs'
import { checkBySchema } from '../../api/read-schema.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import { classSpecSchema } from '../../api/v1alpha1/realtime-channel-class.ts'
import type { ChannelClass } from '../reconcile/class/channel-class.ts'
import { parseClass } from '../reconcile/class/parse-class.ts'

/**
 * Reads the one class of an operator that does not read the classes of the cluster. No API server has validated it, so everything that an
 * API server would refuse is refused here.
 * @param file empty: there is no class, and the result is null
 * @returns an error with the problem
 */
export function readClassFile(file: string): Result<ChannelClass | null, string> {
  if (file === '') return ok(null)
  const object = readJson(file)
  if (!object.ok) return failed(`CLASS_FILE cannot be read: ${object.error}`)
  const parsed = parseClass(object.value)
  if (!parsed.ok) return failed(`CLASS_FILE (${file}) is not a valid class. ${parsed.error}`)
  const { spec } = object.value as { readonly spec?: unknown } // `parseClass` has found an object
  const [problem] = checkBySchema(classSpecSchema, spec ?? {}, 'spec')
  return problem === undefined ? ok(parsed.value.class) : failed(`CLASS_FILE (${file}): ${problem.path}: ${problem.message}`)
}

function readJson(file: string): Result<unknown, string> {
  try {
    return ok(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    // The file is missing, may not be read, or is not JSON. The message says which.
    return failed(messageOf(error))
  }
}
