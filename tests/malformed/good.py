"""Two files without a fault. All malformed ones are made from them, by one slip each."""

GOOD = """\
name: good
description: A space with one of everything
variables:
  act: {choice: [relu, elu], default: elu}
  depth: {int: [1, 2]}
layers:
  - repeat: $depth
    name: conv
    layers:
      - conv2d:
          filters: {int: [8, 64], log: true}
          kernel_size: 3
          padding: same
          activation: $act
      - optional: {bool, default: true}
        name: slim
        layers:
          - max_pooling2d: {pool_size: 2}
  - choice:
      - flatten
      - global_average_pooling2d
    name: ending
  - dropout: {rate: {float: [0.0, 0.5], step: 0.1}}
  - dense: {units: 64, activation: relu}
training:
  optimizer:
    choice:
      - adam: {learning_rate: {float: [1e-4, 1e-2], log: true}}
      - sgd: {momentum: {float: [0.0, 0.9]}}
  batch_size: {choice: [32, 64]}
  epochs: 5
limits: {parameters: 100_000}
presets:
  small:
    values: {variables.depth: 1}
    published: {test_accuracy: 0.9}
"""

RICH = """\
name: rich
variables:
  width: {choice: [16, 32]}
  act: {choice: [relu, gelu]}
  depth: {int: [1, 3]}
layers:
  - conv2d: {filters: $width, kernel_size: 3, padding: same}
  - repeat: $depth
    name: stage
    layers:
      - residual:
          - conv2d:
              filters: $width * 2 ** $i
              kernel_size: 3
              kernel_regularizer: {l2: {l2: {float: [1e-5, 1e-3], log: true}}}
          - activation:
              activation:
                choice:
                  - relu
                  - leaky_relu: {negative_slope: {float: [0.01, 0.3]}}
        shortcut:
          - conv2d: {filters: $width * 2 ** $i, kernel_size: 1}
        name: block
      - activation: {activation: $act}
  - branches:
      - conv2d: {filters: 8, kernel_size: 1}
      - layers:
          - conv2d: {filters: 8, kernel_size: 3, padding: same}
        name: wide
    merge: {choice: [concatenate, add]}
    name: ways
  - global_average_pooling2d
  - dense: {units: "max($width, 24)"}
training:
  optimizer: {adamw: {learning_rate: 0.01}}
  batch_size: {choice: [64, 128]}
  epochs: 10
  schedule:
    choice:
      - constant
      - cosine: {warmup: 0.1}
      - one_cycle
  loss: categorical_focal_crossentropy
  label_smoothing: {choice: [0.0, 0.1]}
  class_weights: none
  early_stopping: {patience: 3}
  averaging: {ema: {momentum: 0.99}}
  augmentation:
    - flip
    - shift: {height: 0.1}
    - optional: {bool}
      name: mix
      layers: [{mixup: {alpha: 0.2}}]
limits: {multiply_adds: 10_000_000}
forbid:
  - $width == 32 and training.batch_size > 64
  - rule: stage[0].block.activation.activation == relu and training.schedule == one_cycle
    because: it was slow
set: {dense.use_bias: false}
fix: {variables.depth: 2}
presets:
  wide:
    values: {variables.width: 32}
"""
