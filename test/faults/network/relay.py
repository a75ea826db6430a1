"""Hands packets on between pairs of interfaces; those from the first to the second are lost, late and held back.

Argument: JSON {lossShare, delayMs, mbitPerSecond, seed, lines: [[first, second], ...]}. Prints a line once it listens, ends
when its input does.
"""

import heapq
import json
import random
import select
import socket
import sys
import time

SOL_PACKET = 263
PACKET_VNET_HDR = 15  # Checksums that the sender left to the hardware travel with the packet.
VNET_HDR_BYTES = 10
ETH_P_ALL = 3
MAX_FRAME_BYTES = 1 << 17
MAX_QUEUED = 1000


def open_interface(name):
    interface = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    interface.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    interface.bind((name, 0))
    interface.setblocking(False)
    return interface


class Direction:
    """One way of one line."""

    def __init__(self, target, weather):
        self.target = target
        self.weather = weather
        self.free_at = 0.0
        self.queued = 0

    def due(self, size, now, draw):
        """When to hand a packet on; None: never."""
        if self.weather is None:
            return now
        if draw < self.weather["lossShare"] or self.queued >= MAX_QUEUED:
            return None
        sending = size * 8 / (self.weather["mbitPerSecond"] * 1e6)
        self.free_at = max(now, self.free_at) + sending
        return self.free_at + self.weather["delayMs"] / 1000


def send(packet, direction):
    try:
        direction.target.send(packet)
    except OSError:
        pass  # The far side is gone, or its queue is full: one more packet lost.


def main():
    weather = json.loads(sys.argv[1])
    draws = random.Random(weather["seed"])
    directions = {}
    for first, second in weather["lines"]:
        near, far = open_interface(first), open_interface(second)
        directions[near] = Direction(far, weather)
        directions[far] = Direction(near, None)
    print("relays", flush=True)
    waiting, count = [], 0
    while True:
        timeout = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        ready, _, _ = select.select([sys.stdin, *directions], [], [], timeout)
        if sys.stdin in ready:
            return
        for source in ready:
            packet, (_, _, kind, *_) = source.recvfrom(MAX_FRAME_BYTES)
            if kind == socket.PACKET_OUTGOING:
                continue
            direction = directions[source]
            at = direction.due(len(packet) - VNET_HDR_BYTES, time.monotonic(), draws.random())
            if at is not None:
                direction.queued += 1
                count += 1
                heapq.heappush(waiting, (at, count, packet, direction))
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, _, packet, direction = heapq.heappop(waiting)
            direction.queued -= 1
            send(packet, direction)


main()
