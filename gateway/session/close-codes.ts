/**
 * Every way in which Carillon ends a connection. The ranges tell a client what to do (docs/protocol.md):
 * 4000-4099 do not come back, 4100-4199 come back after a back-off, 4200-4299 come back now, with your cursor.
 * The table renders docs/reference/close-codes.md.
 */
export const closeCodes = {
  unauthenticated: {
    code: 4001,
    text: 'The token is missing, malformed, forged, or not for this channel. Get a new one before you connect again.',
  },
  forbidden: { code: 4003, text: 'The token is good, but does not allow this channel.' },
  badCursor: { code: 4005, text: 'The cursor is not one of this channel. Connect with ?cursor=latest and fetch what you may have missed.' },
  frameTooLarge: { code: 4009, text: 'A frame or message from the client was larger than the limit (MAX_INBOUND_FRAME_BYTES).' },
  overloaded: { code: 4100, text: 'This gateway has as many connections as it may have.' },
  tooManyConnections: { code: 4101, text: 'This user has as many connections as one user may have.' },
  tooManyUpgrades: { code: 4102, text: 'Connections are opened faster than this gateway takes them.' },
  tokenExpired: { code: 4103, text: 'The token has expired. Connect again with a fresh one.' },
  tooManyFrames: { code: 4104, text: 'The client sent more frames than the limit (INBOUND_FRAMES_PER_S, INBOUND_FRAMES_BURST).' },
  keysUnavailable: { code: 4105, text: 'The keys that verify tokens cannot be fetched just now.' },
  notReady: { code: 4106, text: 'This gateway is still reading the log, or has lost the broker.' },
  tooManyPieces: {
    code: 4107,
    text: 'A frame came in more pieces than are kept: 1 for each 64 bytes of MAX_INBOUND_FRAME_BYTES, at least 64.',
  },
  draining: { code: 4200, text: 'This gateway is stopping; another one has your events.' },
  tooSlow: { code: 4201, text: 'The client read too slowly, and events it had not yet received are no longer held.' },
  eventsLost: { code: 4202, text: 'The log lost events, or was made anew. Fetch the current state.' },
  unresponsive: { code: 4203, text: 'The client did not answer a ping in time.' },
  internal: { code: 4204, text: 'Something broke in the gateway; it is not your fault.' },
} as const satisfies Record<string, { readonly code: number; readonly text: string }>

export type CloseCode = keyof typeof closeCodes
