import { createHash } from 'node:crypto'
import type { ObjectMeta } from '../../../api/kubernetes.ts'
import { annotations } from '../../../api/v1alpha1/realtime-channel.ts'

/** Question of the annotation carillon.dev/plan. */
export interface Question {
  /** Id that is the same for the same question about the same channel, so that it is answered once. */
  readonly id: string
  readonly text: string
}

/** Returns the question of a channel; null without the annotation. */
export function questionOf({ metadata }: { readonly metadata: ObjectMeta }): Question | null {
  const text = metadata.annotations?.[annotations.plan]
  if (text === undefined) return null
  return {
    id: createHash('sha256')
      .update(JSON.stringify([metadata.uid, metadata.generation, text]))
      .digest('hex')
      .slice(0, 10),
    text,
  }
}

/** Returns the end of the name of the Event that answers a question. */
export const answerSuffix = ({ id }: Pick<Question, 'id'>): string => `plan-${id}`
