/** Ports of every gateway pod and of its Service. They never change: the configuration of other programs names them. */
export const ports = { public: 8000, internal: 9000 } as const
