import type { Rule } from './rule.ts';

/** GPUs and what talks over them. */
export const GPU: readonly Rule[] = [
  {
    name: 'cuda-memory',
    category: 'gpu',
    kind: 'cause',
    pattern:
      /CUDA out of memory|Cuda Runtime \(out of memory\)|(?:CUDA|HIP|XPU|MPS|NPU)(?: backend)? out of memory|torch(?:\.cuda)?\.OutOfMemoryError|CUDA error: out of memory|CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation|cuMemAlloc failed|No available memory for the cache blocks|that can be stored in (?:the )?KV cache|(?:KV cache|model) .{0,120}(?:larger than|exceeds|not enough) .{0,60}(?:GPU|device) memory|ggml_backend_cuda\S{0,60} .{0,60}(?:allocating|failed).{0,60}(?:failed|out of memory)|Free memory on device .{0,120}is less than desired/i,
    example:
      'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.50 GiB. GPU 0 has a total capacity of 15.7 GiB',
    counterExample: 'CUDA memory: 3 of 16 GiB in use',
  },
  {
    name: 'xla-memory',
    category: 'gpu',
    kind: 'cause',
    pattern:
      /RESOURCE_EXHAUSTED: .{0,40}(?:Out of memory|Ran out of memory|failed to allocate)|Out of memory (?:while trying to allocate|allocating) [\d.]{1,16}|OOM when allocating tensor with shape|Ran out of memory in memory space (?:hbm|vmem|smem)|Attempting to (?:reserve|allocate) .{0,60}(?:HBM|at the bottom of memory)/i,
    example: 'XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate 9126805504 bytes.',
    counterExample: 'RESOURCE_EXHAUSTED: Quota exceeded',
  },
  {
    name: 'gpu-fault',
    category: 'gpu',
    kind: 'cause',
    pattern:
      /(?<!\b(?:no|0|without) )uncorrectable (?:NVLink |double-bit )?ECC error|Xid \(PCI:[\w:.]{1,40}\): \d{1,4}|fallen off the bus|GPU is lost|Unable to determine the device handle for GPU|double bit ECC(?! {0,9}: {0,3}(?:0|N\/A)\b)|TPU (?:chip|worker|node) .{0,60}(?:unhealthy|failed|lost)|CUDA error: (?:hardware|an uncorrectable)/i,
    example: 'NVRM: Xid (PCI:0000:3b:00): 79, pid=1, GPU has fallen off the bus.',
    counterExample: 'ECC errors: 0',
  },
  {
    name: 'cuda-assert',
    category: 'gpu',
    kind: 'cause',
    hint: 'device-side assert triggered',
    pattern: /(\w{1,60}\.cu:\d{1,6}): .{0,300}(Assertion .{0,200} failed)/,
    says: (found) => `${found[1]}: ${found[2]}`,
    example: 'Indexing.cu:1290: operator(): block: [3,0,0] Assertion `srcIndex < srcSelectDimSize` failed.',
    counterExample: 'Indexing.cu:1290: compiled',
  },
  {
    name: 'driver',
    category: 'gpu',
    kind: 'cause',
    pattern:
      /libdevice not found at |lib(?:cuda|cudnn|cublas|cudart|nccl|nvinfer|nvrtc|cusparse|cufft)[\w.-]{0,40}: cannot open|driver .{0,60}too old|driver version is insufficient|unsupported display driver|no kernel image is available|CUDA Setup failed|Torch not compiled with CUDA|CUDA driver initialization failed|CUDA unknown error|nvidia-container-cli: (?:initialization error|requirement error|.{0,60}error)|could not select device driver|forward compatibility was attempted|Unable to initialize backend '(?:cuda|tpu)'|failed call to cuInit.{0,80}/i,
    example: 'RuntimeError: The NVIDIA driver on your system is too old (found version 11040).',
    counterExample: 'driver 550.54 loaded',
  },
  {
    name: 'no-gpu',
    category: 'gpu',
    kind: 'exception',
    pattern:
      /Found no NVIDIA driver|No CUDA GPUs are available|no CUDA-capable device|CUDA is not available|torch\.cuda\.is_available\(\) is False|Failed to infer device type/i,
    example: 'RuntimeError: No CUDA GPUs are available',
    counterExample: 'CUDA is available: 8 GPUs',
  },
  {
    name: 'cuda-error',
    category: 'gpu',
    kind: 'cause',
    vague: true,
    pattern:
      /CUDA error: |CUDA_ERROR_[A-Z_]{3,60}|CUBLAS_STATUS_(?!SUCCESS)[A-Z_]{3,60}|CUDNN_STATUS_(?!SUCCESS)[A-Z_]{3,60}|cuDNN error|DNN library (?:initialization failed|is not found)|cudaError[A-Z]\w{3,60}|CUDA failure|(?:HIP|ROCm|XPU) error: |Triton Error|AcceleratorError: CUDA/,
    example: 'RuntimeError: CUDA error: an illegal memory access was encountered',
    counterExample: 'CUDA errors: 0',
  },
];

/** What the others see when one of many has failed, or hangs. */
export const COLLECTIVE: readonly Rule[] = [
  {
    name: 'collective-timeout',
    category: 'gpu',
    kind: 'consequence',
    pattern:
      /Watchdog caught collective operation timeout|ran for \d{1,9} milliseconds before timing out|NCCL (?:operation|communicator|watchdog).{0,60}(?:timed out|timeout)|Timed out waiting \d{1,9}ms for (?:recv|send|all)|Timeout waiting for key: |wait timeout after \d{1,9}ms, keys|heartbeat monitor timed out|dump signal due to a collective timeout|Timeout at NCCL work: |Barrier timed out|Failed to connect to coordination service|heartbeat timeout\. This indicates that the remote task|Terminating process because the (?:JAX distributed service|coordinator) detected fatal errors/i,
    example:
      '[Rank 1] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=4, OpType=ALLREDUCE, Timeout(ms)=600000) ran for 600021 milliseconds before timing out.',
    counterExample: 'NCCL timeout is 600000 ms',
  },
  {
    name: 'collective-peer',
    category: 'gpu',
    kind: 'consequence',
    pattern:
      /remote process exited or there was a network error|Connection closed by peer \[|Connection reset by peer \[|recvBytes failed|\bsocket\w{0,40}: Call to (?:recv|send) |\bNet : (?:Call to|Connection closed)|\bNET\/(?:IB|OFI|Socket|Plugin)\S{0,20} .{0,120}(?:error|failed)/,
    example:
      'DistBackendError: NCCL error in: ProcessGroupNCCL.cpp:1691, remote process exited or there was a network error',
    counterExample: 'remote process started',
  },
  {
    name: 'collective-lost',
    category: 'gpu',
    kind: 'consequence',
    vague: true,
    pattern:
      /NCCL [Ee]rror\b|NCCL operation \w{1,40} failed|ncclRemoteError|ncclSystemError|ncclUnhandledCudaError|ncclInternalError|DistBackendError|DistNetworkError|DistStoreError|NCCL communicator was aborted|Socket Timeout$|connectFullMesh failed|The client socket has (?:failed|timed out)|Some NCCL operations have failed or timed out|TCPStore.{0,60}(?:failed|timed out)|Gloo .{0,60}failed|RendezvousTimeoutError|RendezvousConnectionError|RendezvousClosedError/,
    example: 'torch.distributed.DistBackendError: NCCL error in: ProcessGroupNCCL.cpp:1691, invalid usage',
    counterExample: 'NCCL version 2.21.5+cuda12.4',
  },
];
