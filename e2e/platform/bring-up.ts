import type { Image } from './images.ts'
import { clusterConfig } from './kind-cluster.ts'
import {
  askThroughIngress,
  bringImages,
  bringOwnImage,
  defineGatewayApi,
  findTools,
  installKafka,
  installMetrics,
  installOperator,
  installTraefik,
  makeCluster,
  makeImage,
  makeSample,
  type Platform,
  rollGateways,
} from './platform-steps.ts'
import { runSteps, type Step } from './run-steps.ts'

type Say = (line: string) => void

const patience = { now: Date.now, remindEveryMs: 15_000 } as const

/** Makes a whole platform, or completes one. @returns true when it is up; failures have been printed */
export function bringUp(platform: Platform, say: Say): Promise<boolean> {
  const { options } = platform
  const image = imageToCome()
  const samples = options.sample ? [[makeSample(platform)], [askThroughIngress(platform)]] : []
  const groups: readonly (readonly Step[])[] = [
    [findTools(platform)],
    [makeImage(platform, image.come), makeCluster(platform, (text) => clusterConfig(text, options))],
    [...bringImages(platform, image.get), defineGatewayApi(platform)],
    [
      installTraefik(platform),
      installKafka(platform),
      installOperator(platform, image.get),
      ...(options.metrics ? [installMetrics(platform)] : []),
    ],
    ...samples,
  ]
  return runSteps(groups, { say, ...patience })
}

/** Brings the changes of this checkout into a running platform: a new image, and with it the operator and the gateways. */
export function bringChanges(platform: Platform, say: Say): Promise<boolean> {
  const image = imageToCome()
  const groups = [
    [makeImage(platform, image.come)],
    [bringOwnImage(platform, image.get)],
    [installOperator(platform, image.get)],
    [rollGateways(platform, image.get)],
  ]
  return runSteps(groups, { say, ...patience })
}

/** Results of steps that later steps use. */
function imageToCome(): { readonly come: (image: Image) => void; readonly get: () => Image } {
  let made: Image | null = null
  return {
    come: (image) => {
      made = image
    },
    get: () => {
      if (made === null) throw new Error('the image is used before it is built')
      return made
    },
  }
}
