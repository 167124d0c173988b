"""Size of NICE with a spatial kernel that does not cover all sensors, as the published MEG code had it."""

from __future__ import annotations

from companion.training.encoders.nice import KERNEL, N_FILTERS, POOL, STRIDE


def convolution_features(n_channels: int, n_times: int, height: int) -> int:
    """Count what NICE's convolutions leave of one response, as its first linear map meets it.

    The published MEG code kept the kernel of the 63 EEG channels for 271 sensors, so that 209 positions along
    the list of sensors stayed, with no meaning in their order: 217,360 features instead of 1,040, and 111
    million weights in the first linear map for 512 image features. This counts them; nothing builds them.

    Parameters
    ----------
    n_channels, n_times : int
        Of a response.
    height : int
        Channels that a spatial filter covers.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If no filter of this height fits.

    References
    ----------
    Rajabi et al. (2025), ICML: their code of January 2025.
    """
    if not 1 <= height <= n_channels:
        raise ValueError(f"a spatial filter is between 1 and {n_channels} sensors high, got {height}")
    n_positions = (n_times - POOL + 1 - KERNEL) // STRIDE + 1
    return N_FILTERS * (n_channels - height + 1) * n_positions
