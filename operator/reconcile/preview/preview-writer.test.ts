import { expect, it } from 'vitest'
import { annotations } from '../../../api/v1alpha1/realtime-channel.ts'
import type { ApiError } from '../../runtime/kubernetes-api.ts'
import { failed, type Result } from '../../../program/result.ts'
import { createRecordingLogger } from '../../../gateway/testing/recording-logger.ts'
import { aChannel, someSettings } from '../../testing/channel-builders.ts'
import { aResolver } from '../../testing/class-builders.ts'
import { createModelWorld } from '../../testing/model-world.ts'
import { createClaims } from '../watch/claims.ts'
import { createPreviewWriter } from './preview-writer.ts'
import type { World } from '../world.ts'

function rig(maxChannels: number) {
  const written: string[] = []
  const create = async (
    _type: unknown,
    { metadata }: { readonly metadata: { readonly name: string } },
  ): Promise<Result<never, ApiError>> => {
    written.push(metadata.name.replace(/\.plan-.*/, ''))
    return failed({ kind: 'already-exists', message: 'written before', code: 409 })
  }
  const preview = createPreviewWriter({
    api: { create },
    settings: someSettings(),
    claims: createClaims({ defaultBrokers: [] }),
    resolver: aResolver(),
    logger: createRecordingLogger().logger,
    identity: 'operator',
    nowMs: () => 0,
    maxChannels,
  })
  return { written, preview }
}

const asking = (name: string): World =>
  createModelWorld(aChannel({ metadata: { name, uid: `uid-${name}`, annotations: { [annotations.plan]: 'true' } } })).world()

it('answers a question once, and remembers the questions of a limited number of channels', async () => {
  const { written, preview } = rig(2)
  for (const name of ['a', 'a', 'b', 'c', 'b', 'c', 'a']) preview(asking(name), async () => null)
  await expect.poll(() => written).toEqual(['a', 'b', 'c', 'a'])
})
