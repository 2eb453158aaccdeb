import { makeSample, namespaces, type Platform, sampleChannel } from '../platform/platform-steps.ts'
import { platformFromEnv, createStage, type Stage } from './stage.ts'

/** Sample channel of `make up`, which the documentation uses. */
export interface Sample {
  readonly platform: Platform
  readonly stage: Stage
  /** Restores the platform: with the sample as `make up` makes it, or without. */
  putBack(): Promise<void>
}

export async function openSample(env: Readonly<Record<string, string | undefined>> = process.env): Promise<Sample> {
  const platform = await platformFromEnv(env)
  const stage = createStage(platform, namespaces.sample)
  const make = (): Promise<string> => makeSample(platform).run(() => {})
  if (!platform.options.sample) await stage.empty()
  await make()
  return {
    platform,
    stage,
    putBack: async () => {
      if (!platform.options.sample) return stage.leave()
      await stage.kubectl(['delete', `rtc/${sampleChannel}`, '--ignore-not-found', '--wait', '--timeout=120s'])
      await make()
    },
  }
}
