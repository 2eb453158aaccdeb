import { loadYaml } from '@kubernetes/client-node'
import { messageOf } from '../../../program/message-of.ts'
import { failed, ok, type Result } from '../../../program/result.ts'

/** Reads one document of YAML. @returns the first line of what is wrong with it */
export function readYaml(text: string): Result<unknown, string> {
  try {
    return ok(loadYaml<unknown>(text))
  } catch (error) {
    return failed(messageOf(error).split('\n', 1)[0] ?? '')
  }
}
