"""MNIST. The sums are of the arrays in its IDX files, whose MD5 sums are the well-known ones."""

from __future__ import annotations

from tuner.data.card import Card, Download

CARD = Card(
    name="mnist",
    title="MNIST",
    description="Handwritten digits: 70,000 grey images of 28 x 28 in 10 classes",
    image_shape=(28, 28, 1),
    class_names=("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
    n_train=60_000,
    n_test=10_000,
    licence="CC BY-SA 3.0, as usually stated",
    citation="LeCun, Bottou, Bengio, Haffner 1998, Gradient-based learning applied to document recognition",
    homepage="http://yann.lecun.com/exdb/mnist/",
    formats=("idx", "npz"),
    keras=("mnist.npz",),
    mirrors=(
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://sagemaker-sample-files.s3.amazonaws.com/datasets/image/MNIST/",
    ),
    downloads=(
        Download(
            file="train-images-idx3-ubyte.gz",
            sha256="440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            n_bytes=9_912_422,
        ),
        Download(
            file="train-labels-idx1-ubyte.gz",
            sha256="3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            n_bytes=28_881,
        ),
        Download(
            file="t10k-images-idx3-ubyte.gz",
            sha256="8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            n_bytes=1_648_877,
        ),
        Download(
            file="t10k-labels-idx1-ubyte.gz",
            sha256="f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            n_bytes=4_542,
        ),
    ),
    sha256={
        "train_images": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
        "train_labels": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
        "test_images": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
        "test_labels": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
    },
)
