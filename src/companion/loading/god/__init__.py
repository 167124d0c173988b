"""Generic Object Decoding: fMRI, MEG of the same images, image features, stimulus lists, captions."""
