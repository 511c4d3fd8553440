#!/usr/bin/python3
"""A client of the wire, written from firmware-specs alone.

Greets the daemon, takes the lease, maps a matrix, programs it with verification
and read-back, reads it, multiplies, and compares the products with NumPy's. Exits
0 when all agree, 1 when not, and prints what it did.

    client.py --endpoint ipc:///run/nvcim/chip [--specs firmware-specs]

Needs pyzmq, numpy, python3-protobuf and protoc. Numbers in brackets are the rules
of firmware-specs/wire.md.
"""

import argparse
import importlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import zmq

ROWS, COLUMNS, BATCH = 24, 10, 16
SEED = 20_240


def messages(specs):
    """The generated module, made in a folder that goes away again."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["protoc", f"--python_out={folder}", f"--proto_path={specs}", "wire.proto"],
            check=True)
        sys.path.insert(0, folder)
        return importlib.import_module("wire_pb2")


class Failure(Exception):
    pass


class Client:
    """One session with one chip, one request at a time."""

    def __init__(self, endpoint, wire, seconds):
        self.wire = wire
        self.session = os.urandom(16)
        self.sequence = 0
        self.request_id = 0
        self.epoch = 0
        self.chip = 0
        self.kinds = {
            np.dtype(np.int8): wire.Tensor.I8, np.dtype(np.uint8): wire.Tensor.U8,
            np.dtype(np.int16): wire.Tensor.I16, np.dtype(np.int32): wire.Tensor.I32,
            np.dtype(np.float32): wire.Tensor.F32}
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.rcvtimeo = int(seconds * 1000)
        self.socket.connect(endpoint)

    def call(self, tensors=(), changes=False, **command):
        """Sends one request and waits for its reply: (reply, arrays)."""
        self.request_id += 1
        request = self.wire.Request(
            protocol=1, chip=self.chip, session=self.session, request_id=self.request_id,
            epoch=self.epoch, **command)
        if changes:
            request.sequence = self.sequence + 1
            request.acknowledged = self.sequence
        frames = []
        for array, unit in tensors:
            array = np.ascontiguousarray(array)
            request.tensors.add(type=self.kinds[array.dtype], shape=array.shape, unit=unit)
            frames.append(array.astype(array.dtype.newbyteorder("<")).tobytes())
        self.socket.send_multipart([request.SerializeToString()] + frames)
        reply, arrays = self.receive()
        if changes and not (reply.HasField("error") and reply.effect == self.wire.EFFECT_NONE):
            self.sequence += 1
        if reply.HasField("error"):
            code = self.wire.Error.Code.Name(reply.error.code)
            reason = self.wire.Error.Reason.Name(reply.error.reason)
            raise Failure(f"refused, {code}/{reason}: {reply.error.message}")
        return reply, arrays

    def receive(self):
        while True:
            try:
                header, *frames = self.socket.recv_multipart()
            except zmq.Again:
                raise Failure("no answer in time") from None
            reply = self.wire.Reply.FromString(header)
            if reply.request_id == self.request_id:
                break
        types = {number: kind for kind, number in self.kinds.items()}
        if len(frames) != len(reply.tensors):
            raise Failure(f"{len(reply.tensors)} tensors described, {len(frames)} frames")
        arrays = [
            np.frombuffer(frame, types[t.type].newbyteorder("<")).reshape(tuple(t.shape))
            for frame, t in zip(frames, reply.tensors)]
        return reply, arrays


def check(condition, sentence):
    print(("  ok    " if condition else "  WRONG ") + sentence)
    if not condition:
        raise Failure(sentence)


def run(client):
    wire = client.wire
    reply, _ = client.call(hello=wire.Hello(protocol_min=1, protocol_max=1, client="interop.py"))
    hello = reply.hello
    print(f"hello: {hello.firmware}, spec {hello.spec}, chips {list(hello.chips)}")
    check(hello.protocol == 1, "protocol 1 was chosen")
    client.chip = hello.chips[0]

    reply, _ = client.call(describe=wire.Describe())
    sheet = reply.describe
    banks = [bank for bank in sheet.banks if not bank.is_volatile and not bank.digital]
    bank = (banks or list(sheet.banks))[0]
    print(f"describe: bank {bank.name}, {bank.tiles} tiles of {bank.rows} x {bank.columns}")

    reply, _ = client.call(lease_acquire=wire.LeaseAcquire(term_ms=60_000))
    grant = [g for g in reply.lease.grants if g.chip == client.chip][0]
    client.epoch = grant.epoch
    print(f"lease: epoch {grant.epoch}, {grant.term_ms} ms")
    try:
        exercise(client, bank)
    finally:
        client.call(lease_release=wire.LeaseRelease())
        print("lease: given back")


def exercise(client, bank):
    wire = client.wire
    rng = np.random.default_rng(SEED)
    try:
        client.call(changes=True, calibrate=wire.Calibrate(
            matrix=4_000_000_000, adc_full_scale_ua=1))
        check(False, "a matrix that is not there was calibrated")
    except Failure as failure:
        check("refused" in str(failure), f"a missing matrix is refused: {failure}")

    reply, _ = client.call(changes=True, map=wire.Map(
        name="interop", rows=ROWS, columns=COLUMNS, weight_bits=7, code_max=127, bank=bank.name,
        mapping=wire.DIFFERENTIAL))
    matrix = reply.map.matrix
    print(f"map: matrix {matrix.matrix}, {matrix.slices} slices, tiles {list(matrix.tiles)}")
    check((matrix.rows, matrix.columns) == (ROWS, COLUMNS), "it has the size asked for")
    try:
        products(client, matrix, rng)
    finally:
        reply, _ = client.call(changes=True, unmap=wire.Unmap(matrix=matrix.matrix))
        print(f"unmap: {reply.unmap.tiles_freed} tiles free again")


def products(client, matrix, rng):
    wire = client.wire
    codes = rng.integers(-127, 128, (ROWS, COLUMNS), dtype=np.int8)
    reply, arrays = client.call(
        tensors=[(codes, wire.Tensor.CODE)], changes=True,
        program=wire.Program(
            matrix=matrix.matrix, method=wire.Program.WRITE_VERIFY, read_back=True, all=True))
    done = reply.program
    print(f"program: {done.cells} cells, {done.verified} verified, {done.unverified} not, "
          f"{done.pulses_mean:.2f} pulses a cell")
    check(reply.effect == wire.EFFECT_FULL, "its effect is full")
    check(done.verified + done.unverified + done.written == done.cells, "no cell is left out")
    check(arrays[0].shape == codes.shape, "each weight was read back")

    # Verified cells lie in a band around their target; noise and the cells that
    # were not verified widen it. An eighth of full scale is far outside of both.
    error = np.sqrt(np.mean((arrays[0] - codes) ** 2))
    check(error < 127 / 8, f"read-back deviates by {error:.2f} codes (root mean square)")

    reply, arrays = client.call(read=wire.Read(matrix=matrix.matrix, repeats=8))
    error = np.sqrt(np.mean((arrays[0] - codes) ** 2))
    check(error < 127 / 8, f"a reading deviates by {error:.2f} codes")

    inputs = rng.integers(0, 256, (BATCH, ROWS), dtype=np.uint8)
    reply, arrays = client.call(
        tensors=[(inputs, wire.Tensor.CODE)],
        multiply=wire.Multiply(matrix=matrix.matrix, output=wire.Multiply.PRODUCTS))
    exact = inputs.astype(np.float64) @ codes.astype(np.float64)
    check(arrays[0].shape == exact.shape, f"products have the shape {exact.shape}")
    # Bound: a correlation of 0.95. Deviations of the weights by an eighth of full
    # scale alone would give less; a wrong order or sign gives none at all.
    correlation = np.corrcoef(arrays[0].ravel(), exact.ravel())[0, 1]
    slope = float((arrays[0] * exact).sum() / (exact * exact).sum())
    print(f"multiply: lsb {reply.multiply.lsb:.4g}, {reply.multiply.clipped} of "
          f"{reply.multiply.conversions} conversions clipped, "
          f"{reply.cost.latency_ns:.0f} ns, {reply.cost.energy_pj:.0f} pJ")
    check(correlation > 0.95, f"products agree with NumPy: correlation {correlation:.4f}")
    check(0.7 < slope < 1.3, f"products agree with NumPy: slope {slope:.3f}")

    reply, _ = client.call(query=wire.Query(sequence=client.sequence))
    check(reply.query.state in (wire.QueryResult.DONE, wire.QueryResult.DONE_FORGOTTEN),
          "query knows the last command")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--endpoint", default=os.environ.get("NVCIM_ENDPOINT"))
    parser.add_argument(
        "--specs", default=Path(__file__).resolve().parents[2] / "firmware-specs")
    parser.add_argument("--seconds", type=float, default=30, help="wait for a reply so long")
    arguments = parser.parse_args()
    if not arguments.endpoint:
        parser.error("give --endpoint or set NVCIM_ENDPOINT")
    try:
        run(Client(arguments.endpoint, messages(arguments.specs), arguments.seconds))
    except Failure as failure:
        print(f"failed: {failure}")
        return 1
    print("all checks passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
