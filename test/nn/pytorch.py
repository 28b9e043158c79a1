"""Makes a PyTorch model's file, waits, and loads the file that came back: `python3 pytorch.py FOLDER`."""

import json
import struct
import sys

try:
    import torch
except ImportError:
    sys.exit(3)

DTYPES = {'F32': torch.float32, 'F64': torch.float64, 'I64': torch.int64}


def save(path, state):
    header, data = {}, b''
    for name, tensor in state.items():
        dtype = next(key for key, value in DTYPES.items() if value == tensor.dtype)
        part = bytes(tensor.contiguous().numpy().data)
        header[name] = {'dtype': dtype, 'shape': list(tensor.shape), 'data_offsets': [len(data), len(data) + len(part)]}
        data += part
    text = json.dumps(header).encode()
    with open(path, 'wb') as file:
        file.write(struct.pack('<Q', len(text)) + text + data)


def load(path):
    bytes_ = open(path, 'rb').read()
    start = 8 + struct.unpack('<Q', bytes_[:8])[0]
    header = json.loads(bytes_[8:start])
    header.pop('__metadata__', None)
    state = {}
    for name, entry in header.items():
        begin, end = entry['data_offsets']
        flat = torch.frombuffer(bytearray(bytes_[start + begin:start + end]), dtype=DTYPES[entry['dtype']])
        state[name] = flat.reshape(entry['shape'])
    return state


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = torch.nn.LSTM(3, 5, num_layers=2)
        self.gate = torch.nn.GRU(5, 4)
        self.batch_norm = torch.nn.BatchNorm1d(4)
        self.out_head = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.LayerNorm(6), torch.nn.Linear(6, 2))

    def forward(self, x):
        return self.out_head(self.batch_norm(self.gate(self.rnn(x)[0])[0][-1]))


folder = sys.argv[1]
torch.manual_seed(1)
x = torch.randn(7, 3, 3)
theirs = Net()
for _ in range(5):
    theirs(torch.randn(7, 8, 3) * 2 + 1)
theirs.eval()
y = theirs(x)
save(f'{folder}/theirs.safetensors', theirs.state_dict())
json.dump({'x': x.tolist(), 'y': y.tolist()}, open(f'{folder}/outputs.json', 'w'))
print('written', flush=True)
sys.stdin.readline()
ours = Net().eval()
ours.load_state_dict(load(f'{folder}/ours.safetensors'), strict=True)
print((ours(x) - y).abs().max().item())
print(ours.batch_norm.num_batches_tracked.dtype, ours.batch_norm.num_batches_tracked.item())
