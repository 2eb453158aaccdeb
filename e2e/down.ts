/** `make down`: removes what `make up` made, and nothing else. Idempotent. */
import { rm } from 'node:fs/promises'
import { runCommandLine } from './platform/command-line.ts'
import { removeImages } from './platform/images.ts'
import { clusters, deleteCluster } from './platform/kind-cluster.ts'
import { findPlatform } from './platform/open-platform.ts'

const what = 'Deletes the cluster of `make up` and its files on this machine.'

process.exitCode = await runCommandLine(
  {
    name: 'down',
    what,
    run: async (options) => {
      const platform = await findPlatform(options, process.env)
      if (platform === null) {
        console.log(`There is no cluster ${options.name} of \`make up\`.`)
        return true
      }
      const { run, place } = platform
      const isThere = (await clusters(run)).includes(place.cluster)
      if (isThere) await deleteCluster(run, place)
      await removeImages(run)
      await rm(place.folder, { recursive: true, force: true })
      console.log(
        isThere
          ? `The cluster ${place.cluster} is gone, and so is ${place.folder}. Images stay in docker, as its cache.`
          : `The cluster ${place.cluster} did not exist; ${place.folder} is removed.`,
      )
      return true
    },
  },
  process.argv.slice(2),
  process.env,
)
