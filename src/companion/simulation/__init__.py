"""The miniature world: stimuli, brains and judges that we make, and the files they are written to."""
