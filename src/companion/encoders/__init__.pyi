from .anchors import class_anchors as class_anchors
from .cache import EmbeddingCache as EmbeddingCache
from .clip import ClipEncoder as ClipEncoder
from .clip import load_clip as load_clip
from .glocal import BentEncoder as BentEncoder
from .glove import CategoryVectors as CategoryVectors
from .glove import category_vectors as category_vectors
from .glove import word_vectors as word_vectors
from .glove import words_of as words_of
from .interface import ImageEncoder as ImageEncoder
from .interface import TextEncoder as TextEncoder
from .interface import encode_images as encode_images
from .interface import encode_texts as encode_texts
from .layers import LayerEncoder as LayerEncoder
from .miniature import load_miniature_clip as load_miniature_clip
from .miniature import load_miniature_second as load_miniature_second
from .miniature import miniature_layer_features as miniature_layer_features
from .miniature import miniature_word_vectors_file as miniature_word_vectors_file
from .modules import ModuleEncoder as ModuleEncoder
from .modules import layer_features as layer_features
from .words import WordTokenizer as WordTokenizer

__all__ = [
    "BentEncoder",
    "CategoryVectors",
    "ClipEncoder",
    "EmbeddingCache",
    "ImageEncoder",
    "LayerEncoder",
    "ModuleEncoder",
    "TextEncoder",
    "WordTokenizer",
    "category_vectors",
    "class_anchors",
    "encode_images",
    "encode_texts",
    "layer_features",
    "load_clip",
    "load_miniature_clip",
    "load_miniature_second",
    "miniature_layer_features",
    "miniature_word_vectors_file",
    "word_vectors",
    "words_of",
]
