import { rmSync } from 'node:fs'
import { writePackages } from '../../../scripts/packages/write-packages.ts'
import { install } from '../install.ts'
import { places } from '../places.ts'

/** Installs what is missing, and packs the packages of this checkout. */
export async function setup(): Promise<void> {
  await install(console.log)
  // Packages of an earlier version may lie there.
  rmSync(places.tarballs, { recursive: true, force: true })
  await writePackages(places.tarballs)
}
