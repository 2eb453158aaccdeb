/** Case of a broadcast. The table names it, and targets find it by its name. */
export interface BroadcastCase {
  readonly sockets: number
  /** Events per second; `saturation`: as many as the server and its clients can. */
  readonly rate: number | 'saturation'
  /** True: `eventsPerBurst` events at once, and then a pause that keeps the rate. */
  readonly isBurst?: boolean
}

export const eventsPerBurst = 8

export function caseText({ sockets, rate, isBurst = false }: BroadcastCase): string {
  const pace = rate === 'saturation' ? rate : `${rate}/s`
  return `${sockets.toLocaleString('en-US')} sockets, ${pace}${isBurst ? ` in bursts of ${eventsPerBurst}` : ''}`
}

/** Single events: each is written alone. */
export const pacedCases = /\d\/s$/
export const burstCases = /\d\/s in bursts/
