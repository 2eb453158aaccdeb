"""Receives by aiohttp, which offers compression and sends pings. Arguments: URL and token."""
import asyncio
import sys

import aiohttp

from lines import write, write_message

URL, TOKEN = sys.argv[1:3]


async def receive():
    async with aiohttp.ClientSession(headers={'Authorization': f'Bearer {TOKEN}'}) as session:
        async with session.ws_connect(URL, protocols=['cloudevents.json'], compress=15, heartbeat=0.2) as socket:
            write('open', {'protocol': socket.protocol})
            async for message in socket:
                if message.type == aiohttp.WSMsgType.TEXT and write_message(message.data):
                    await socket.close()
            write('close', {'code': socket.close_code})


asyncio.run(receive())
