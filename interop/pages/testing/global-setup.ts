import { install } from '../install.ts'

/** Installs what is missing. */
export async function setup(): Promise<void> {
  await install(console.log)
}
